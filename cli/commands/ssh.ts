import { systemClock } from '../../clients/clock.ts';
import { createSshPool } from '../../clients/ssh/pool.ts';
import type { HostAccess } from '../../clients/ssh/ssh.ts';
import type { GlobalOptions } from '../options.ts';
import { findOneDroplet } from '../world/one-droplet.ts';
import { accessTo, runSshSession } from '../world/ssh-session.ts';
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
    process.exitCode = await runSshSession({ access, hostKey, folder: parts.folder, words: options.words });
  } finally {
    await parts.close();
  }
}

async function verifiedHostKey(access: HostAccess): Promise<string> {
  const pool = createSshPool({ clock: systemClock, random: Math.random });
  try {
    return await pool.host(access).hostKey();
  } finally {
    pool.close();
  }
}
