import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** How a version of the program goes on: it ends at once, or its health fails from its first answer on. */
export type Mood = 'good' | 'exits' | 'sickens';

/** The git repository of a program that needs no base image from anywhere: nginx and a static busybox. */
export interface SampleApp {
  readonly url: string;
  /** Commits a version and gives it that tag. Versions of the same page and mood are the same tree. */
  release(tag: string, page: string, mood?: Mood): Promise<void>;
}

const DOCKERFILE = `FROM scratch
COPY rootfs /
COPY run.sh nginx.conf page mood /
CMD ["/usr/bin/busybox", "sh", "/run.sh"]
`;

const RUN = `b=/usr/bin/busybox
[ "$($b cat /mood)" != exits ] || { echo "there is no database, and $API_KEY opens none"; exit 3; }
answer="$DROPFLEET_PROJECT $DROPFLEET_ENVIRONMENT $DROPFLEET_SERVICE $DROPFLEET_VERSION $($b cat /page) $COLOUR"
api=\${API_HOST:-127.0.0.1}:\${API_PORT:-1} database=\${DATABASE_HOST:-127.0.0.1}:\${DATABASE_PORT:-1}
values="s/@PORT@/$PORT/; s/@ANSWER@/$answer/; s/@API@/$api/; s/@DATABASE@/$database/; s/@MOOD@/$($b cat /mood)/"
$b sed "$values" /nginx.conf >/tmp/nginx.conf
exec /usr/sbin/nginx -c /tmp/nginx.conf
`;

/** Who answers; the word that it was sent; what the service named api answers, and the one named database. A log's name
 * with a variable is written first when something was answered. */
const NGINX = `user root root;
daemon off;
pid /tmp/pid;
error_log stderr;
worker_processes 1;
events { worker_connections 4096; }
http {
  access_log off;
  default_type text/plain;
  client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi; scgi_temp_path /tmp/scgi;
  keepalive_requests 1000000;
  server {
    listen @PORT@ backlog=1024;
    # A log whose name is not known before is opened only where the root is there.
    root /tmp;
    set $mood @MOOD@;
    location = /health { if (-e /tmp/sickens) { return 500; } return 200 ok; }
    location = /answer { access_log /tmp/$mood; return 200 "@ANSWER@"; }
    location = /echo { return 200 $arg_word; }
    location = /api { proxy_pass http://@API@/answer; }
    location = /rows { proxy_pass http://@DATABASE@; }
  }
}
`;

/** Copies programs of this machine into a folder, with the libraries that they load. */
const COPY = `for program; do real=$(command -v "$program") && echo "$real" || exit 1
ldd "$real" 2>/dev/null | grep -oE '/[^ ]+'; done | sort -u | tar -chf - -T - 2>/dev/null | tar -xf - -C "$0"
mkdir -p "$0/usr/bin" && cp "$(command -v busybox)" "$0/usr/bin/busybox"`;

/** Makes the repository in that folder; the programs are this machine's own. */
export async function createSampleApp(folder: string): Promise<SampleApp> {
  const git = (...args: string[]) => execute('git', ['-C', folder, ...args]);
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  await write('rootfs/etc/passwd', 'root:x:0:0:root:/:/bin/sh\n');
  await write('rootfs/etc/group', 'root:x:0:\n');
  await write('rootfs/tmp/.keep', '');
  await write('rootfs/var/log/nginx/.keep', '');
  await execute('sh', ['-c', COPY, join(folder, 'rootfs'), '/usr/sbin/nginx']);
  await write('Dockerfile', DOCKERFILE);
  await write('run.sh', RUN);
  await write('nginx.conf', NGINX);
  await git('init', '--quiet', '--initial-branch', 'main');
  return {
    url: folder,
    async release(tag, page, mood = 'good') {
      await write('page', `${page}\n`);
      await write('mood', `${mood}\n`);
      await git('add', '--all', '--force');
      const author = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
      await git(...author, 'commit', '--quiet', '--allow-empty', '--message', tag);
      await git('tag', tag);
    },
  };
}
