import type { Droplet } from '../../crds/droplet.ts';
import { projectRoleOf } from '../../crds/cloud-tags.ts';
import type { Effect } from '../../reconcilers/gate/effect.ts';
import { priced, volumeCost } from '../../reconcilers/read-model/volume-cost.ts';
import { snapshotsCost } from '../../reconcilers/read-model/snapshot-cost.ts';
import { pricesOf } from './fleet-watch.ts';
import { fleetIdOf } from './identity.ts';
import { readCloudResources } from './orphans.ts';
import type { World } from './world.ts';

/** US dollars a month for an address that leads nowhere: https://docs.digitalocean.com/products/networking/reserved-ips/details/pricing */
const IDLE_ADDRESS_DOLLARS = 5;

/** Something that the fleet pays for and need not have. */
export interface Surplus {
  kind: 'droplet' | 'firewall' | 'volume' | 'reserved IP' | 'snapshot';
  id: string;
  name: string;
  tags: readonly string[];
  /** US dollars a month; undefined where the price of its size is not known. */
  monthlyCost?: number;
  /** Of a snapshot or a volume. */
  sizeGB?: number;
}

/** Reads what `cleanup` would remove: orphans, then old snapshots. */
export async function readSurplus(world: World, droplets: readonly Droplet[]): Promise<Surplus[]> {
  const [{ orphans, sizes, oldSnapshots }, prices] = await Promise.all([
    readCloudResources(world, droplets),
    world.cloud.listSizes().then(pricesOf),
  ]);
  const costOf = ({
    kind,
    id,
    sizeGB = 0,
  }: Pick<Surplus, 'kind' | 'id' | 'sizeGB'>): { monthlyCost?: number } => {
    if (kind === 'volume') return { monthlyCost: volumeCost(sizeGB) };
    if (kind === 'reserved IP') return { monthlyCost: IDLE_ADDRESS_DOLLARS };
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
    .map(({ kind, id, name, tags, sizeGB = 0 }): Effect => {
      if (kind === 'volume') return effectOnVolume(id, name, sizeGB);
      if (kind === 'reserved IP') return effectOnAddress(id, name);
      const project = projectRoleOf(fleetId, tags)?.project ?? '';
      return kind === 'droplet'
        ? { verb: 'destroy', cause: 'orphan', project: '', name, uid: '', server: Number(id) }
        : { verb: 'prune', cause: 'old snapshot', project, name, uid: '', snapshot: id };
    });
}

/** A person names it, too: somebody's names may lead there. */
const effectOnAddress = (address: string, name: string): Effect => ({
  verb: 'remove',
  cause: 'reserved IP',
  project: '',
  name,
  uid: '',
  change: address,
  doubt: {
    reason: 'ReservedIP',
    message: `${address} was reserved for a Project that is gone; once released, it may be another account's, whatever leads there`,
  },
});

/** A person names it: that the Project is gone does not say that nobody wants its data. */
const effectOnVolume = (id: string, name: string, sizeGB: number): Effect => ({
  verb: 'remove',
  cause: 'data volume',
  project: '',
  name,
  uid: '',
  change: `${id}, ${priced(sizeGB)}`,
  doubt: {
    reason: 'DataVolume',
    message: `the volume ${name} holds the data of a Project that is gone, and they are gone for good with it`,
  },
});
