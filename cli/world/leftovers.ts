import type { Droplet } from '../../crds/droplet.ts';
import { fleetTag } from '../../crds/cloud-tags.ts';
import { findLeftovers, type OwnedResource } from '../../reconcilers/leftovers/plan.ts';
import { DEFAULT_TIMINGS } from '../../reconcilers/timings.ts';
import { fleetIdOf, type World } from './world.ts';

/** What the fleet pays for and no object owns: droplets, firewalls and snapshots. */
export async function findLeftoversInCloud(
  world: World,
  droplets: readonly Droplet[],
): Promise<OwnedResource[]> {
  const tag = fleetTag(await fleetIdOf(world));
  const [servers, firewalls, snapshots] = await Promise.all([
    world.cloud.listDroplets(tag),
    world.cloud.listFirewalls(),
    world.cloud.listSnapshots(),
  ]);
  const resources: OwnedResource[] = [
    ...servers.map(({ id, ...server }) => ({ kind: 'droplet' as const, id: String(id), ...server })),
    ...firewalls.map(firewall => ({ kind: 'firewall' as const, ...firewall })),
    ...snapshots.map(snapshot => ({ kind: 'snapshot' as const, ...snapshot })),
  ];
  const uids = new Set(droplets.map(({ metadata }) => metadata.uid!));
  return findLeftovers(resources, tag, uids, Date.now(), DEFAULT_TIMINGS.leftoverAgeMs);
}
