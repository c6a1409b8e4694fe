import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { systemClock } from '../../../../clients/clock.ts';
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
  /** Runs the real OpenSSH client. */
  ssh(host: HostSpec, args: readonly string[], input?: string): Promise<Ran>;
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
  const keys = ssh2.utils.generateKeyPairSync('ed25519', { comment: 'someone' });
  const keyFile = join(folder, 'key');
  await writeFile(keyFile, keys.private);
  await chmod(keyFile, 0o600);
  const world: EmulatedWorld = {
    driver: await open(),
    folder: join(folder, 'hosts'),
    publicKey: keys.public,
    privateKey: keys.private,
    ssh: (host, args, input) => {
      const options = ['-i', keyFile, '-p', String(world.driver.sshPort), ...OPTIONS];
      return run('ssh', [...options, `root@${host.addresses.public}`, ...args], input);
    },
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
    const child = execFile(program, args, { encoding: 'utf8' }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === 'number') resolve({ code, stdout, stderr });
      else reject(error!);
    });
    child.stdin!.end(input);
  });
}
