import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { systemClock } from '../../clients/clock.ts';
import { createSshPool } from '../../clients/ssh/pool.ts';
import type { HostAccess } from '../../clients/ssh/ssh.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { accessOf } from '../../reconcilers/host/access.ts';
import type { FleetKey } from '../../reconcilers/ssh-key/key-ring.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../options.ts';
import { findOneDroplet } from '../world/one-droplet.ts';
import { withSshFiles, type SshFiles } from '../world/ssh-files.ts';
import { openParts, sshPortOf } from '../world/open.ts';
import { presentSshKeyOf } from '../world/world-keys.ts';

export interface SshOptions extends GlobalOptions {
  /** A droplet's name, or as much of it as one project alone has. */
  droplet: string;
  /** What to run there; a login shell when empty. */
  words: readonly string[];
}

/**
 * Becomes the system's `ssh` on a droplet. Our own client goes first: it knows a host by the key's fingerprint,
 * which is all that the status holds, and brings the key itself, which is all that `ssh` then trusts. The cloud is not
 * asked: the Droplet tells the address.
 */
export async function ssh(options: SshOptions): Promise<void> {
  const parts = await openParts({ ...options, readOnly: true });
  try {
    const world = { ...parts, ...(await parts.openKubernetes()) };
    const droplet = await findOneDroplet(options.droplet, world);
    const access = accessTo(droplet, sshPortOf(world), await presentSshKeyOf(world));
    const hostKey = await verifiedHostKey(access);
    const content = {
      identity: access.privateKey.reveal(),
      knownHosts: `${HOST_ALIAS} ${hostKey}\n`,
    };
    const stop = endedBySignal();
    process.exitCode = await withSshFiles(parts.folder, content, files =>
      runSsh(sshArguments(access, files, options.words), stop),
    );
  } finally {
    await parts.close();
  }
}

function accessTo(droplet: Droplet, port: number, { privateKey }: FleetKey): HostAccess {
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

async function verifiedHostKey(access: HostAccess): Promise<string> {
  const pool = createSshPool({ clock: systemClock, random: Math.random });
  try {
    return await pool.host(access).hostKey();
  } finally {
    pool.close();
  }
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
  words: readonly string[],
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
  ];
  return [
    '-F',
    'none',
    '-p',
    `${port}`,
    ...options.flatMap(option => ['-o', option]),
    `${user}@${address}`,
    // Without it ssh would take a word like -v for its own.
    ...(words.length > 0 ? ['--', ...words] : []),
  ];
}

/** A path as ssh_config has it: in double quotes, where only `%` still means something. */
const quotePath = (path: string): string => `"${path.replaceAll('%', '%%')}"`;
