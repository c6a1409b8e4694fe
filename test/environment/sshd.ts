import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fingerprintOfLine } from '../../clients/ssh/fingerprint.ts';
import { generateKeyPair, type SshKeyPair } from '../../clients/ssh/key-pair.ts';
import type { HostAccess } from '../../clients/ssh/ssh.ts';
import { SecretText } from '../../config/secret-text.ts';

/** A real sshd on loopback, with keys and configuration of its own. */
export interface Sshd {
  readonly port: number;
  /** What gets one in. */
  readonly access: HostAccess;
  /** The pair that it lets in. */
  readonly pair: SshKeyPair;
  /** What it logged, line by line. */
  readonly log: readonly string[];
  /** How many logins it has accepted. */
  logins(): number;
  /** Resolves when a line of its log matches. */
  logged(pattern: RegExp): Promise<void>;
  /** Ends it and all its sessions, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with the same keys. */
  start(): Promise<void>;
  /** Ends it and removes its files. */
  close(): Promise<void>;
}

interface SshdOptions {
  /** Whom it lets in; whoever runs the tests by default. */
  user?: string;
  /** The key that it lets in; a new one by default. */
  pair?: SshKeyPair;
  /** Any free one by default. */
  port?: number;
  /** More lines for sshd_config; the first of a keyword counts. */
  config?: readonly string[];
}

/** Starts one on 127.0.0.1. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const { user = userInfo().username, config = [] } = options;
  const folder = mkdtempSync(join(tmpdir(), 'dropfleet-sshd-'));
  const pair = options.pair ?? (await generateKeyPair('login'));
  const hostPair = await generateKeyPair('host');
  const port = options.port ?? (await freePort());
  // sshd, when root, separates its privileges here; Debian's unit makes the folder.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  writeFileSync(join(folder, 'host_key'), hostPair.privateKey, { mode: 0o600 });
  writeFileSync(join(folder, 'authorized_keys'), `${pair.publicKey}\n`, { mode: 0o644 });
  writeFileSync(join(folder, 'sshd_config'), [...config, ...standingConfig(folder, port), ''].join('\n'));
  // The user's own sshd reads the file as the user.
  execFileSync('chmod', ['755', folder]);
  const log: string[] = [];
  const newLine = new EventTarget();
  let daemon: ChildProcess | undefined;

  const logged = async (pattern: RegExp, from = 0): Promise<void> => {
    while (!log.slice(from).some(line => pattern.test(line))) {
      if (daemon?.exitCode) throw new Error(`sshd has ended:\n${log.join('\n')}`);
      await once(newLine, 'line');
    }
  };
  const start = async (): Promise<void> => {
    const from = log.length;
    daemon = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(folder, 'sshd_config')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    createInterface(daemon.stderr!).on('line', line => {
      log.push(line);
      newLine.dispatchEvent(new Event('line'));
    });
    daemon.on('exit', () => newLine.dispatchEvent(new Event('line')));
    await logged(/Server listening/, from);
  };
  const kill = async (): Promise<void> => {
    if (daemon?.exitCode !== null || daemon.signalCode !== null) return;
    const exited = once(daemon, 'exit');
    for (const pid of descendants(daemon.pid!)) killQuietly(pid);
    daemon.kill('SIGKILL');
    await exited;
  };
  await start();
  return {
    port,
    pair,
    log,
    access: {
      address: '127.0.0.1',
      port,
      user,
      privateKey: new SecretText(pair.privateKey),
      hostKeys: [fingerprintOfLine(hostPair.publicKey)],
    },
    logins: () => log.filter(line => line.startsWith('Accepted publickey')).length,
    logged: pattern => logged(pattern),
    kill,
    start,
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const standingConfig = (folder: string, port: number): string[] => [
  `Port ${port}`,
  'ListenAddress 127.0.0.1',
  `HostKey ${join(folder, 'host_key')}`,
  `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
  `PidFile ${join(folder, 'pid')}`,
  'StrictModes no',
  'UsePAM no',
  'PasswordAuthentication no',
  'KbdInteractiveAuthentication no',
  'PermitRootLogin prohibit-password',
  'LogLevel VERBOSE',
];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}

/** The process's children and theirs: sshd's sessions. */
function descendants(pid: number): number[] {
  return childrenOf(pid).flatMap(child => [child, ...descendants(child)]);
}

/** Those of a process that has just ended are nobody's. */
function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was faster.
  }
}
