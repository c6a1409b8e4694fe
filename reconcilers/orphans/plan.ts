import { apiOf, drillUidOf, retiredUidOf, uidOf } from '../../crds/cloud-tags.ts';
import { firewallNamed } from '../../crds/firewall-name.ts';
import { keptUntil } from '../retired/plan.ts';

/** Something in the cloud that carries the fleet's tag. What becomes of snapshots, snapshot/retention-plan.ts says. */
export interface OwnedResource {
  kind: 'droplet' | 'firewall' | 'volume' | 'reserved IP';
  id: string;
  name: string;
  tags: readonly string[];
  /** RFC 3339. */
  createdAt: string;
  /** Of a volume. */
  sizeGB?: number;
}

/**
 * The resources that carry the fleet's tag and belong to no object: what is paid for and serves nobody. A server that was
 * replaced belongs to its object for as long as that is there, and is kept for its time in any case; that of a drill
 * belongs to the object whose snapshot it was made from.
 *
 * @param apiId the Kubernetes API that the objects are in; what another API keeps is its business.
 * @param uids the uids of all objects that may own a resource, those being deleted too.
 * @param ageMs younger ones are left out: their object may not have reached the cache yet.
 */
export function findOrphans(
  resources: readonly OwnedResource[],
  fleetTag: string,
  apiId: string,
  uids: ReadonlySet<string>,
  now: number,
  ageMs: number,
): OwnedResource[] {
  return resources.filter(({ tags, createdAt }) => {
    const owner = uidOf(tags) ?? retiredUidOf(tags) ?? drillUidOf(tags);
    const isOwned = owner !== undefined && uids.has(owner);
    const isOurs = tags.includes(fleetTag) && (apiOf(tags) ?? apiId) === apiId;
    const isKept = now < (keptUntil(tags) ?? 0);
    return isOurs && !isOwned && !isKept && now - Date.parse(createdAt) >= ageMs;
  });
}

/**
 * The addresses that were reserved for Projects that are gone, as long as the account has them.
 *
 * @param recorded for whom each was.
 * @param addresses those of the account.
 * @param uids the uids of all Projects.
 */
export const findOrphanAddresses = (
  recorded: readonly { address: string; uid: string; project: string }[],
  addresses: ReadonlySet<string>,
  uids: ReadonlySet<string>,
): OwnedResource[] =>
  recorded
    .filter(({ address, uid }) => addresses.has(address) && !uids.has(uid))
    .map(({ address, project }) => ({
      kind: 'reserved IP',
      id: address,
      name: project,
      tags: [],
      createdAt: '',
    }));

/**
 * The fleet's firewalls that belong to no project and protect no server that stays. A firewall has no tags of its
 * own, so that its name says whose it is; its `tags` are those of the servers that it protects.
 *
 * @param projects the names of all projects, those being deleted too.
 * @param tagsInUse the tags of all servers that are no orphans themselves.
 */
export function findOrphanFirewalls(
  firewalls: readonly Omit<OwnedResource, 'kind'>[],
  fleetId: string,
  projects: ReadonlySet<string>,
  tagsInUse: ReadonlySet<string>,
  now: number,
  ageMs: number,
): OwnedResource[] {
  return firewalls
    .filter(({ name, tags, createdAt }) => {
      const whose = firewallNamed(fleetId, name);
      const isOwned = whose === undefined || projects.has(whose.project);
      const isNeeded = isOwned || tags.some(tag => tagsInUse.has(tag));
      return !isNeeded && now - Date.parse(createdAt) >= ageMs;
    })
    .map(({ id, name, tags, createdAt }) => ({ kind: 'firewall', id, name, tags, createdAt }));
}
