import { DROPLETS } from '../../clients/kubernetes/kinds.ts';
import { isCloudNotFound } from '../../clients/digitalocean/errors.ts';
import type { OwnedResource } from '../../reconcilers/leftovers/plan.ts';
import type { GlobalOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { lookAtCloud } from '../world/leftovers.ts';
import { openWorld, type World } from '../world/world.ts';

/** Removes what the fleet pays for and no object owns; with `dryRun` only says what that is. */
export async function cleanup(options: GlobalOptions & { dryRun?: true }): Promise<void> {
  const world = await openWorld(options);
  try {
    const { items } = await world.kubernetes.list(DROPLETS);
    const { leftovers } = await lookAtCloud(world, items);
    if (!options.dryRun) for (const leftover of leftovers) await remove(world, leftover);
    const verb = options.dryRun ? 'would remove' : 'removed';
    printResult(options, { dryRun: options.dryRun ?? false, leftovers }, () =>
      leftovers.length === 0
        ? ['Nothing is left over.']
        : leftovers.map(({ kind, id, name }) => `${verb} ${kind} ${id} (${name})`),
    );
  } finally {
    await world.close();
  }
}

async function remove({ cloud }: World, { kind, id }: OwnedResource): Promise<void> {
  try {
    if (kind === 'droplet') await cloud.deleteDroplet(Number(id));
    else if (kind === 'firewall') await cloud.deleteFirewall(id);
    else await cloud.deleteSnapshot(id);
  } catch (error) {
    if (!isCloudNotFound(error)) throw error;
  }
}
