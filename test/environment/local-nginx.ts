// A real nginx on loopback that stands for a master: the load balancer's own commands run on this machine, in a
// folder of their own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { userInfo, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../reconcilers/load-balancer/apply.ts';
import { DEBIAN, type Layout } from '../../reconcilers/load-balancer/layout.ts';
import {
  featuresOf,
  parseNginxVersion,
  type NginxFeatures,
} from '../../reconcilers/load-balancer/nginx-version.ts';

/** A master whose files are in a temporary folder. */
export interface LocalMaster {
  readonly host: Host;
  readonly layout: Layout;
  readonly port: number;
  readonly version: string;
  readonly features: NginxFeatures;
  /** The names of the commands that were run, since the last time this was asked. */
  commands(): string[];
  /** Runs a line of shell as a person would who is logged in. */
  byHand(line: string): Promise<string>;
  /** Ends nginx and removes the folder. */
  close(): Promise<void>;
}

/**
 * A master on which nginx is installed and does not run yet.
 *
 * @param nginx the program; another one tries another version.
 */
export async function startLocalMaster(nginx = 'nginx'): Promise<LocalMaster> {
  const root = await mkdtemp(join(tmpdir(), 'dropfleet-nginx-'));
  // The workers of a root's nginx are another user.
  await chmod(root, 0o755);
  const port = await freePort();
  const layout: Layout = {
    home: `${root}/etc/dropfleet`,
    main: `${root}/etc/nginx.conf`,
    listen: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    pid: `${root}/nginx.pid`,
    logs: `${root}/log`,
    temp: `${root}/temp`,
    user: process.getuid?.() === 0 ? DEBIAN.user : userInfo().username,
  };
  for (const folder of ['bin', 'etc', 'log', 'temp']) await mkdir(join(root, folder));
  await installCommands(join(root, 'bin'), nginx, layout);
  const path = `${join(root, 'bin')}:/usr/sbin:/sbin:${process.env['PATH']}`;
  const run = (argv: readonly string[], stdin: string | Uint8Array = '') => runHere(argv, stdin, path);
  const version = parseNginxVersion((await run(['nginx', '-v'])).stderr);
  if (version === undefined) throw new Error(`${nginx} is no nginx; install it`);
  const commands: string[] = [];
  return {
    layout,
    port,
    version,
    features: featuresOf(version),
    host: {
      run(argv, { stdin }) {
        const name = argv.find(word => word.startsWith('dropfleet-lb-'));
        if (name !== undefined) commands.push(name.replace('dropfleet-lb-', ''));
        return run(argv, stdin);
      },
    },
    commands: () => commands.splice(0),
    byHand: async line => (await run(['sh', '-c', line])).stdout,
    async close() {
      await run(['systemctl', 'stop', 'nginx']);
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** What a master has and this machine does otherwise: a way to root, a service manager, one nginx. */
async function installCommands(bin: string, nginx: string, { main, pid }: Layout): Promise<void> {
  const commands = {
    sudo: '[ "$1" != -n ] || shift\nexec "$@"',
    nginx: `exec ${nginx.includes('/') ? nginx : `/usr/sbin/${nginx}`} "$@"`,
    systemctl: `running() { [ -e ${pid} ] && grep -q '^State:.[^Z]' "/proc/$(cat ${pid})/status" 2>/dev/null; }
case "$1" in
is-active) running ;;
reload) nginx -c ${main} -s reload ;;
stop) if running; then kill -TERM "$(cat ${pid})"; while running; do sleep 0.05; done; fi ;;
restart) "$0" stop; nginx -c ${main} ;;
reset-failed) ;;
*) echo "systemctl $1 is not there" >&2; exit 1 ;;
esac`,
  };
  for (const [name, text] of Object.entries(commands))
    await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

async function runHere(argv: readonly string[], stdin: string | Uint8Array, path: string) {
  const child = spawn(argv[0]!, argv.slice(1), { env: { ...process.env, PATH: path } });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', chunk => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', chunk => (stderr += chunk));
  // A command may end without reading all of it.
  child.stdin.on('error', () => undefined).end(stdin);
  // `exit`, not `close`: nginx keeps the inherited standard error open for as long as it runs.
  const [code] = (await once(child, 'exit')) as [number | null];
  return { code: code ?? 128, stdout, stderr };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
