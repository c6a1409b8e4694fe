import { uidOf } from '../../crds/cloud-tags.ts';

/** Something in the cloud that carries the fleet's tag. */
export interface OwnedResource {
  kind: 'droplet' | 'firewall' | 'snapshot';
  id: string;
  name: string;
  tags: readonly string[];
  /** RFC 3339. */
  createdAt: string;
}

/**
 * The resources that carry the fleet's tag and belong to no object: what is paid for and serves nobody.
 *
 * @param uids the uids of all objects that may own a resource, those being deleted too.
 * @param ageMs younger ones are left out: their object may not have reached the cache yet.
 */
export function findLeftovers(
  resources: readonly OwnedResource[],
  fleetTag: string,
  uids: ReadonlySet<string>,
  now: number,
  ageMs: number,
): OwnedResource[] {
  return resources.filter(({ tags, createdAt }) => {
    const owner = uidOf(tags);
    const isOwned = owner !== undefined && uids.has(owner);
    return tags.includes(fleetTag) && !isOwned && now - Date.parse(createdAt) >= ageMs;
  });
}
