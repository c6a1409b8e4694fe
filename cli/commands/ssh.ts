import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../clients/clock.ts';
import { createSshPool } from '../../clients/ssh/pool.ts';
import type { HostAccess } from '../../clients/ssh/ssh.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { accessOf } from '../../reconcilers/host/access.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../options.ts';
import { findOneDroplet } from '../world/one-droplet.ts';
import { openWorld, presentSshKeyOf, type World } from '../world/world.ts';

export interface SshOptions extends GlobalOptions {
  /** A droplet's name, or as much of it as one project alone has. */
  droplet: string;
  /** What to run there; a login shell when empty. */
  words: readonly string[];
}

/**
 * Becomes the system's `ssh` on a droplet. Our own client goes first: it knows a host by the key's fingerprint,
 * which is all that the status holds, and brings the key itself, which is all that `ssh` then trusts.
 */
export async function ssh(options: SshOptions): Promise<void> {
  const world = await openWorld(options);
  try {
    const droplet = await findOneDroplet(options.droplet, world);
    const access = await accessTo(droplet, world);
    const hostKey = await verifiedHostKey(access);
    process.exitCode = await withFiles(world, access, hostKey, files => runSsh(access, files, options.words));
  } finally {
    await world.close();
  }
}

async function accessTo(droplet: Droplet, world: World): Promise<HostAccess> {
  const { name } = droplet.metadata;
  const { privateKey } = await presentSshKeyOf(world);
  const access = accessOf({ port: world.sshPort, privateKey }, droplet);
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

/** What `ssh` is told by files, for it takes neither a key nor a host key in any other way. */
interface SshFiles {
  identity: string;
  knownHosts: string;
}

/** The name that the host key goes by: an address would need its port, and says less in ssh's own messages. */
const HOST_ALIAS = 'dropfleet-host';

async function withFiles<R>(
  { folder }: World,
  { privateKey }: HostAccess,
  hostKey: string,
  use: (files: SshFiles) => Promise<R>,
): Promise<R> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const own = await mkdtemp(join(folder, 'ssh-'));
  try {
    const files = { identity: join(own, 'identity'), knownHosts: join(own, 'known_hosts') };
    await writeFile(files.identity, privateKey.reveal(), { mode: 0o600 });
    await writeFile(files.knownHosts, `${HOST_ALIAS} ${hostKey}\n`, { mode: 0o600 });
    return await use(files);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

async function runSsh(access: HostAccess, files: SshFiles, words: readonly string[]): Promise<number> {
  const child = spawn('ssh', sshArguments(access, files, words), { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both; what it means is for the other side to say.
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? (signal === 'SIGINT' ? 130 : 143);
  } catch (error) {
    throw new CommandFailure(
      `the ssh program cannot be started (${(error as Error).message}): install OpenSSH's client, on Debian and Ubuntu with "apt install openssh-client"`,
    );
  } finally {
    process.removeListener('SIGINT', ignore);
  }
}

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
