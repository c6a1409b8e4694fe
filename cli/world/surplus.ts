import type { Droplet } from '../../crds/droplet.ts';
import { projectRoleOf } from '../../crds/cloud-tags.ts';
import type { Effect } from '../../reconcilers/gate/effect.ts';
import { snapshotsCost } from '../../reconcilers/read-model/snapshot-cost.ts';
import { pricesOf } from './fleet-watch.ts';
import { fleetIdOf } from './identity.ts';
import { readCloudResources } from './orphans.ts';
import type { World } from './world.ts';

/** Something that the fleet pays for and need not have. */
export interface Surplus {
  kind: 'droplet' | 'firewall' | 'snapshot';
  id: string;
  name: string;
  tags: readonly string[];
  /** US dollars a month; undefined where the price of its size is not known. */
  monthlyCost?: number;
  /** Of a snapshot. */
  sizeGB?: number;
}

/** Reads what `cleanup` would remove: orphans, then old snapshots. */
export async function readSurplus(world: World, droplets: readonly Droplet[]): Promise<Surplus[]> {
  const [{ orphans, sizes, oldSnapshots }, prices] = await Promise.all([
    readCloudResources(world, droplets),
    world.cloud.listSizes().then(pricesOf),
  ]);
  const costOf = ({ kind, id }: Pick<Surplus, 'kind' | 'id'>): { monthlyCost?: number } => {
    const price = kind === 'droplet' ? prices.get(sizes.get(Number(id)) ?? '') : 0;
    return price === undefined ? {} : { monthlyCost: price };
  };
  return [
    ...orphans.map(orphan => ({ ...orphan, ...costOf(orphan) })),
    ...oldSnapshots.map(({ id, name, tags, sizeGB }) => ({
      kind: 'snapshot' as const,
      id,
      name,
      tags,
      sizeGB,
      monthlyCost: snapshotsCost([{ sizeGB }]),
    })),
  ];
}

/** What is asked of the gate's policy to remove them. Firewalls hold nothing, and cost nothing. */
export async function effectsOfCleanup(world: World, surplus: readonly Surplus[]): Promise<Effect[]> {
  const fleetId = await fleetIdOf(world);
  return surplus
    .filter(({ kind }) => kind !== 'firewall')
    .map(({ kind, id, name, tags }): Effect => {
      const project = projectRoleOf(fleetId, tags)?.project ?? '';
      return kind === 'droplet'
        ? { verb: 'destroy', cause: 'orphan', project: '', name, uid: '', server: Number(id) }
        : { verb: 'prune', cause: 'old snapshot', project, name, uid: '', snapshot: id };
    });
}
