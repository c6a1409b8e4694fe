import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { systemClock } from '../../../../clients/clock.ts';
import { generateKeyPair } from '../../../../clients/ssh/key-pair.ts';
import { createEmulatedDriver, type EmulatedOptions } from '../../../../sandbox/hosts/emulated/driver.ts';
import type { HostDriver, HostSpec } from '../../../../sandbox/hosts/driver.ts';

/** What a command came to. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Emulated hosts and a key that opens them. */
export interface EmulatedWorld {
  driver: HostDriver;
  folder: string;
  /** For a host's authorizedKeys. */
  publicKey: string;
  privateKey: string;
  /** Runs the real OpenSSH client; a first argument with a dash is its option. */
  ssh(host: HostSpec, args: readonly string[], input?: string): Promise<Ran>;
  /** Runs a command on `to`, reached through `via`. */
  jump(via: HostSpec, to: HostSpec, command: string): Promise<Ran>;
  /** Opens so many sessions in one connection; what became of each. */
  openSessions(host: HostSpec, count: number): Promise<('open' | 'refused')[]>;
  /** Ends the driver and makes another one over the same folder. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export async function openEmulatedWorld(options: Partial<EmulatedOptions> = {}): Promise<EmulatedWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'dropfleet-emulated-'));
  const open = (): Promise<HostDriver> =>
    createEmulatedDriver({
      folder: join(folder, 'hosts'),
      clock: systemClock,
      random: Math.random,
      bootMs: 0,
      ...options,
    });
  const { publicKey, privateKey } = await generateKeyPair('someone');
  const keyFile = join(folder, 'key');
  await writeFile(keyFile, privateKey);
  await chmod(keyFile, 0o600);
  const world: EmulatedWorld = {
    driver: await open(),
    folder: join(folder, 'hosts'),
    publicKey,
    privateKey,
    ssh: (host, args, input) => {
      const options = ['-i', keyFile, '-p', String(world.driver.sshPort), ...OPTIONS];
      const flags = args[0]?.startsWith('-') ? args.slice(0, 1) : [];
      const command = args.slice(flags.length);
      return run('ssh', [...options, ...flags, `root@${host.addresses.public}`, ...command], input);
    },
    jump: (via, to, command) => {
      const login = ['-i', keyFile, '-p', String(world.driver.sshPort), ...OPTIONS];
      const proxy = ['ssh', ...login, '-W', '%h:%p', `root@${via.addresses.public}`].join(' ');
      return run('ssh', [...login, `-oProxyCommand=${proxy}`, `root@${to.addresses.private}`, command]);
    },
    openSessions: (host, count) =>
      openSessions(
        {
          host: host.addresses.public,
          port: world.driver.sshPort,
          username: 'root',
          privateKey,
        },
        count,
      ),
    async reopen() {
      await world.driver.close();
      world.driver = await open();
    },
    async close() {
      await world.driver.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return world;
}

const OPTIONS = [
  '-F/dev/null',
  '-oBatchMode=yes',
  '-oStrictHostKeyChecking=no',
  '-oUserKnownHostsFile=/dev/null',
  '-oLogLevel=ERROR',
  '-oConnectTimeout=5',
];

/** Runs a program on this machine. */
function run(program: string, args: readonly string[], input = ''): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { encoding: 'utf8', maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        if (typeof code === 'number') resolve({ code, stdout, stderr });
        else reject(error!);
      },
    );
    child.stdin!.end(input);
  });
}

async function openSessions(config: ssh2.ConnectConfig, count: number): Promise<('open' | 'refused')[]> {
  const connection = new ssh2.Client();
  connection.connect(config);
  await once(connection, 'ready');
  const sessions = Array.from(
    { length: count },
    () =>
      new Promise<'open' | 'refused'>(resolve =>
        connection.exec('sleep 60', error => resolve(error === undefined ? 'open' : 'refused')),
      ),
  );
  const results = await Promise.all(sessions);
  connection.destroy();
  return results;
}
