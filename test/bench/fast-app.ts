// A program for benchmarks that answers as fast as nginx, as an image without a base from anywhere.
import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { copyPrograms } from './deploy-rig.ts';

const execute = promisify(execFile);

const DOCKERFILE = `FROM scratch
COPY rootfs /
COPY run.sh nginx.conf version mood /
CMD ["/bin/sh", "/run.sh"]
`;

/** `$(...)` of the version is in its health, so that no two versions are the same. */
const RUN = `set -e
[ "$(cat /mood)" != exits ] || { echo 'cannot start'; exit 3; }
sed "s/@PORT@/$PORT/; s/@VERSION@/$(cat /version)/" /nginx.conf >/tmp/nginx.conf
exec /usr/sbin/nginx -c /tmp/nginx.conf
`;

/** Answers with the word that it was asked for; under /slow, half a second later. */
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
    location = /health { return 200 "@VERSION@"; }
    location / { return 200 $arg_word; }
  }
}
`;

/** The git repository of that program. */
export interface FastApp {
  readonly url: string;
  /** Commits a version and gives it that tag; a bad one ends as soon as it is started. */
  release(tag: string, mood?: 'good' | 'exits'): Promise<void>;
  /** Gives the last version another tag. */
  sameAs(tag: string): Promise<void>;
}

/** Makes the repository in that folder, of this machine's own nginx. */
export async function createFastApp(folder: string): Promise<FastApp> {
  const git = (...args: string[]) => execute('git', ['-C', folder, ...args]);
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  await write('rootfs/etc/passwd', 'root:x:0:0:root:/:/bin/sh\n');
  await write('rootfs/etc/group', 'root:x:0:\n');
  await write('rootfs/tmp/.keep', '');
  await write('rootfs/var/log/nginx/.keep', '');
  await copyPrograms(join(folder, 'rootfs'), ['/bin/sh', '/bin/sed', '/bin/cat', '/usr/sbin/nginx']);
  await write('Dockerfile', DOCKERFILE);
  await write('run.sh', RUN);
  await write('nginx.conf', NGINX);
  await chmod(join(folder, 'rootfs/tmp'), 0o777);
  await git('init', '--quiet', '--initial-branch', 'main');
  return {
    url: folder,
    async release(tag, mood = 'good') {
      await write('version', tag);
      await write('mood', mood);
      await git('add', '--all', '--force');
      const author = ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.com'];
      await git(...author, 'commit', '--quiet', '--message', tag);
      await git('tag', tag);
    },
    sameAs: tag => git('tag', tag).then(() => undefined),
  };
}
