import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { HostAccess } from '../../clients/ssh/ssh.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { accessOf } from '../../reconcilers/host/access.ts';
import type { FleetKey } from '../../reconcilers/ssh-key/key-ring.ts';
import { CommandFailure } from '../failure.ts';
import { withSshFiles, type SshFiles } from './ssh-files.ts';

/** What a session by the system's `ssh` is. */
export interface SshSession {
  access: HostAccess;
  /** The host's verified public key: type and base64. */
  hostKey: string;
  /** Where ssh's files are meanwhile. */
  folder: string;
  /** What is run there, as ssh hands it to the shell; a login shell when empty. */
  words: readonly string[];
  /** Whether what is run gets a terminal; ssh decides when absent. */
  hasTerminal?: boolean;
}

/** Becomes the system's `ssh` to a host that has shown who it is, and answers how it ended. */
export async function runSshSession({ access, hostKey, folder, ...what }: SshSession): Promise<number> {
  const content = { identity: access.privateKey.reveal(), knownHosts: `${HOST_ALIAS} ${hostKey}\n` };
  const stop = endedBySignal();
  return await withSshFiles(folder, content, files => runSsh(sshArguments(access, files, what), stop));
}

/** How to reach a Droplet's host; fails when that is not known yet. */
export function accessTo(droplet: Droplet, port: number, { privateKey }: FleetKey): HostAccess {
  const { name } = droplet.metadata;
  const access = accessOf({ port, privateKey }, droplet);
  if (access === undefined)
    throw new CommandFailure(`${name} has no address yet: wait until "dropfleet status" shows it Active`);
  if (access.hostKeys.length === 0)
    throw new CommandFailure(
      `the host key of ${name} is not known, and none is trusted unseen: it is known of every droplet that dropfleet makes and reaches, see "dropfleet status"`,
    );
  return access;
}

/** The name that the host key goes by: an address would need its port, and says less in ssh's own messages. */
const HOST_ALIAS = 'dropfleet-host';

/**
 * Aborts when the terminal is closed, or when this process is to end: it has a private key to clear away first. The
 * reason is the signal's name.
 */
function endedBySignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGHUP', 'SIGTERM'] as const) process.on(signal, () => stop.abort(signal));
  return stop.signal;
}

/** The exit code of the ssh program; 128 and the signal's number when one ended it, as a shell has it. */
async function runSsh(args: readonly string[], stop: AbortSignal): Promise<number> {
  if (stop.aborted) return codeOf(stop.reason as NodeJS.Signals);
  const child = spawn('ssh', args, { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both; what it means is for the other side to say.
  const ignore = (): void => undefined;
  const end = (): void => void child.kill(stop.reason as NodeJS.Signals);
  process.on('SIGINT', ignore);
  stop.addEventListener('abort', end);
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    if (stop.aborted) return codeOf(stop.reason as NodeJS.Signals);
    return code ?? codeOf(signal!);
  } catch (error) {
    throw new CommandFailure(
      `the ssh program cannot be started (${(error as Error).message}): install OpenSSH's client, on Debian and Ubuntu with "apt install openssh-client"`,
    );
  } finally {
    process.removeListener('SIGINT', ignore);
    stop.removeEventListener('abort', end);
  }
}

const codeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

/** Only this key, only this host key, and nothing of a person's own configuration. */
function sshArguments(
  { address, port, user }: HostAccess,
  { identity, knownHosts }: SshFiles,
  { words, hasTerminal }: Pick<SshSession, 'words' | 'hasTerminal'>,
): string[] {
  const options = [
    `IdentityFile=${quotePath(identity)}`,
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    `UserKnownHostsFile=${quotePath(knownHosts)}`,
    'GlobalKnownHostsFile=/dev/null',
    `HostKeyAlias=${HOST_ALIAS}`,
    'StrictHostKeyChecking=yes',
    'UpdateHostKeys=no',
    'PasswordAuthentication=no',
    'KbdInteractiveAuthentication=no',
    'ServerAliveInterval=15',
    // Whoever asked for a program in a container did not ask for a connection.
    ...(hasTerminal === undefined ? [] : ['LogLevel=ERROR']),
  ];
  return [
    '-F',
    'none',
    '-p',
    `${port}`,
    ...(hasTerminal === undefined ? [] : [hasTerminal ? '-t' : '-T']),
    ...options.flatMap(option => ['-o', option]),
    `${user}@${address}`,
    // Without it ssh would take a word like -v for its own.
    ...(words.length > 0 ? ['--', ...words] : []),
  ];
}

/** A path as ssh_config has it: in double quotes, where only `%` still means something. */
const quotePath = (path: string): string => `"${path.replaceAll('%', '%%')}"`;
