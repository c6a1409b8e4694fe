import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** How a version of the program goes on: it ends at once, or its health fails from its first answer on. */
export type Mood = 'good' | 'exits' | 'sickens';

/** The git repository of a program that needs no base image from anywhere: busybox, linked statically, and scripts. */
export interface SampleApp {
  readonly url: string;
  /** Commits a version and gives it that tag. Versions of the same page and mood are the same tree. */
  release(tag: string, page: string, mood?: Mood): Promise<void>;
}

const DOCKERFILE = `FROM scratch
COPY busybox /bin/busybox
COPY run.sh page mood /
COPY www /www
CMD ["/bin/busybox", "sh", "/run.sh"]
`;

/** PID 1 heeds no signal that it has no handler for. */
const RUN = `b=/bin/busybox
[ "$($b cat /mood)" != exits ] || { echo "there is no database, and $API_KEY opens none"; exit 3; }
trap 'exit 0' TERM
$b httpd -p "$PORT" -h /www
while :; do $b sleep 1 & wait $!; done
`;

const SCRIPTS = {
  /** Who answers. */
  answer: `[ "$($b cat /mood)" != sickens ] || : >/sick
say "$DROPFLEET_PROJECT $DROPFLEET_ENVIRONMENT $DROPFLEET_SERVICE $DROPFLEET_VERSION $($b cat /page) $COLOUR"`,
  health: `[ ! -e /sick ] || { printf 'Status: 500 Sick\\r\\n\\r\\n'; exit; }
say ok`,
  /** The word it was sent, some time later, so that requests are always under way. */
  echo: `if [ "$REQUEST_METHOD" = POST ]; then word=$($b head -c "$CONTENT_LENGTH"); else word=\${QUERY_STRING#word=}; fi
$b sleep 0.2
say "$word"`,
  /** What the service named api answers. */
  api: `say "$($b wget -q -O - "http://$API_HOST:$API_PORT/cgi-bin/answer")"`,
};

const script = (body: string): string => `#!/bin/busybox sh
b=/bin/busybox
say() { printf 'Content-Type: text/plain\\r\\nContent-Length: %s\\r\\n\\r\\n%s' "\${#1}" "$1"; }
${body}
`;

/** Makes the repository in a new folder; busybox is this machine's own. */
export async function createSampleApp(folder: string): Promise<SampleApp> {
  const git = (...args: string[]) => execute('git', ['-C', folder, ...args]);
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  await write('Dockerfile', DOCKERFILE);
  await write('run.sh', RUN);
  for (const [name, body] of Object.entries(SCRIPTS)) {
    await write(`www/cgi-bin/${name}`, script(body));
    await chmod(join(folder, 'www/cgi-bin', name), 0o755);
  }
  const { stdout } = await execute('sh', ['-c', 'command -v busybox']);
  await copyFile(stdout.trim(), join(folder, 'busybox'));
  await git('init', '--quiet', '--initial-branch', 'main');
  return {
    url: folder,
    async release(tag, page, mood = 'good') {
      await write('page', `${page}\n`);
      await write('mood', `${mood}\n`);
      await git('add', '--all');
      const author = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
      await git(...author, 'commit', '--quiet', '--allow-empty', '--message', tag);
      await git('tag', tag);
    },
  };
}
