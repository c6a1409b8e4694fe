import { systemClock } from '../../clients/clock.ts';
import { createSshPool } from '../../clients/ssh/pool.ts';
import type { SshHost } from '../../clients/ssh/ssh.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { accessOf } from '../../reconcilers/host/access.ts';
import { CommandFailure } from '../failure.ts';
import type { KubernetesWorld } from './world.ts';
import { presentSshKeyOf } from './world-keys.ts';

/** Works on a project's master over a connection of its own. */
export async function withMasterHost<R>(
  world: KubernetesWorld,
  sshPort: number,
  master: Droplet,
  work: (host: SshHost) => Promise<R>,
): Promise<R> {
  const { privateKey } = await presentSshKeyOf(world);
  const access = accessOf({ port: sshPort, privateKey }, master);
  if (access === undefined || access.hostKeys.length === 0)
    throw new CommandFailure(
      `${master.metadata.name} cannot be reached by SSH yet: wait until "dropfleet status" shows it Ready`,
    );
  const pool = createSshPool({ clock: systemClock, random: Math.random });
  try {
    return await work(pool.host(access));
  } finally {
    pool.close();
  }
}
