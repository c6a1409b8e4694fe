import { sleep, systemClock } from '../../clients/clock.ts';
import { DROPLETS } from '../../clients/kubernetes/kinds.ts';
import { createSshPool } from '../../clients/ssh/pool.ts';
import type { HostAccess, SshPool } from '../../clients/ssh/ssh.ts';
import { accessOf } from '../../reconcilers/host/access.ts';
import type { Suspended } from './ssh-rules.ts';
import { presentSshKeyOf } from './world-keys.ts';
import type { World } from './world.ts';

/** sshd tells each session whom it comes from: the very address that a firewall in front of it saw. */
const WHO_AM_I: readonly string[] = ['sh', '-c', 'echo "$SSH_CONNECTION"'];
const COMMAND_TIMEOUT_MS = 10_000;
const RETRY_MS = 2_000;

/** What a login to a droplet showed: the address that it sees this machine under, or why there was none. */
export type SeenAddress = { address: string } | { problem: string };

/**
 * Logs in to droplets, one after the other, by new connections and pinned host keys, until one lets this machine
 * in. Firewalls take a change in only after a while, so that it goes round until the time is over. Those of suspended
 * projects take none in, so that their droplets prove nothing.
 */
export async function addressSeenByHosts(
  world: World,
  suspended: Suspended,
  timeoutMs: number,
): Promise<SeenAddress> {
  const hosts = await reachableHosts(world, suspended);
  if (hosts.length === 0)
    return { problem: 'no droplet has an address and a known host key yet; see "dropfleet status"' };
  const deadline = systemClock.monotonic() + timeoutMs;
  const pool = createSshPool({ clock: systemClock, random: Math.random });
  try {
    for (;;) {
      const seen = await askHosts(hosts, pool, deadline);
      if ('address' in seen || systemClock.monotonic() >= deadline) return seen;
      await sleep(systemClock, RETRY_MS);
    }
  } finally {
    pool.close();
  }
}

async function reachableHosts(world: World, suspended: Suspended): Promise<HostAccess[]> {
  const { items } = await world.kubernetes.list(DROPLETS);
  const { privateKey } = await presentSshKeyOf(world);
  return items
    .filter(({ spec }) => !suspended.has(spec.project))
    .map(droplet => accessOf({ port: world.sshPort, privateKey }, droplet))
    .filter(access => access !== undefined)
    .filter(({ hostKeys }) => hostKeys.length > 0);
}

async function askHosts(hosts: readonly HostAccess[], pool: SshPool, deadline: number): Promise<SeenAddress> {
  let seen: SeenAddress = { problem: 'no droplet was asked' };
  for (const access of hosts) {
    try {
      const { stdout } = await pool.host(access).succeed(WHO_AM_I, { timeoutMs: COMMAND_TIMEOUT_MS });
      return { address: stdout.trim().split(' ')[0] ?? '' };
    } catch (error) {
      seen = { problem: error instanceof Error ? error.message : String(error) };
    }
    if (systemClock.monotonic() >= deadline) break;
  }
  return seen;
}
