import type { CloudDroplet, CloudSnapshot } from '../../clients/digitalocean/cloud.ts';
import { printable } from '../../clients/log/printable.ts';
import { PROJECTS } from '../../clients/kubernetes/kinds.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { fleetTag } from '../../crds/cloud-tags.ts';
import { adviseOn, type AdvisedOrphan } from '../../reconcilers/orphans/advice-plan.ts';
import { ORPHANS } from '../../reconcilers/orphans/concern.ts';
import {
  findOrphanAddresses,
  findOrphanFirewalls,
  findOrphans,
  type OwnedResource,
} from '../../reconcilers/orphans/plan.ts';
import { readAddresses } from '../../reconcilers/reserved-ip/address-record.ts';
import { keptServers, type KeptServer } from '../../reconcilers/retired/plan.ts';
import type { Servers } from '../../reconcilers/read-model/as-in-cloud.ts';
import { listSnapshots } from '../../reconcilers/snapshot/list.ts';
import { isOfFleet } from '../../reconcilers/snapshot/owner-plan.ts';
import { planPruning } from '../../reconcilers/snapshot/retention-plan.ts';
import { fleetIdOf, identityOf } from './identity.ts';
import type { World } from './world.ts';

const byId = (servers: readonly CloudDroplet[]): Servers =>
  new Map(servers.map(({ id, status }) => [id, { status }]));

/** The servers that carry the fleet's tag. */
export const serversOf = async (world: World): Promise<Servers> =>
  byId(await world.cloud.listDroplets(fleetTag(await fleetIdOf(world))));

/** What the fleet has in the cloud. */
interface CloudResources {
  /** What no object owns: droplets, then firewalls, then volumes and reserved IPs, which outlive their Projects. */
  orphans: AdvisedOrphan[];
  servers: Servers;
  /** The size slugs of the servers, by id. */
  sizes: ReadonlyMap<number, string>;
  snapshots: readonly CloudSnapshot[];
  /** Those of the snapshots that need not be kept. */
  oldSnapshots: readonly CloudSnapshot[];
  /** Those that were replaced. */
  retired: KeptServer[];
}

/** Reads what carries the fleet's tag in the cloud. */
export async function readCloudResources(
  world: World,
  droplets: readonly Droplet[],
): Promise<CloudResources> {
  const { fleet: fleetId, api } = await identityOf(world);
  const tag = fleetTag(fleetId);
  const [servers, firewalls, { snapshots, unreadable }, volumes, recorded, projects] = await Promise.all([
    world.cloud.listDroplets(tag),
    world.cloud.listFirewalls(),
    listSnapshots(world.cloud, fleetId),
    world.cloud.listVolumes(undefined),
    readAddresses(world.kubernetes, world.namespace),
    world.kubernetes.list(PROJECTS),
  ]);
  if (unreadable !== undefined) process.stderr.write(`${printable(unreadable)}\n`);
  const resources = servers.map(({ id, ...server }): OwnedResource => ({
    kind: 'droplet',
    id: String(id),
    ...server,
  }));
  const uids = new Set(droplets.map(({ metadata }) => metadata.uid!));
  const [now, ageMs] = [Date.now(), ORPHANS.timings.ageMs];
  const orphans = findOrphans(resources, tag, api, uids, now, ageMs);
  const doomed = new Set(orphans.map(({ id }) => id));
  const staying = servers.filter(({ id }) => !doomed.has(String(id)));
  const tagsInUse = new Set(staying.flatMap(({ tags }) => tags));
  const names = new Set([
    ...projects.items.map(({ metadata }) => metadata.name),
    ...droplets.map(({ spec }) => spec.project),
  ]);
  const unused = findOrphanFirewalls(firewalls, fleetId, names, tagsInUse, now, ageMs);
  const owners = new Set([...uids, ...projects.items.map(({ metadata }) => metadata.uid!)]);
  const disks = volumes.map(volume => ({ kind: 'volume' as const, ...volume }));
  const kept = findOrphans(disks, tag, api, owners, now, ageMs);
  // Nobody asks for them where none was ever reserved.
  const addresses = recorded.length === 0 ? [] : await world.cloud.listReservedIPs();
  const idle = findOrphanAddresses(recorded, new Set(addresses.map(({ address }) => address)), owners);
  const advised = adviseOn([...orphans, ...unused, ...kept, ...idle], fleetId, servers);
  const of = { fleetId, apiId: api };
  const ids = new Set(servers.map(({ id }) => id));
  const { old, ofGone } = planPruning({ ...of, snapshots, droplets, servers: ids, now });
  return {
    orphans: advised,
    retired: keptServers(staying),
    servers: byId(servers),
    sizes: new Map(servers.map(({ id, size }) => [id, size])),
    snapshots: snapshots.filter(snapshot => isOfFleet(snapshot, of)),
    oldSnapshots: [...[...old.values()].flat(), ...ofGone],
  };
}
