import { apiOf, fleetTag, projectRoleOf, uidOf, VERIFIED_TAG } from '../../crds/cloud-tags.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { snapshotNamed } from '../../crds/snapshot-name.ts';

/** A snapshot of a server, as far as it matters whose it is and whether it is kept. */
export interface Snapshot {
  id: string;
  name: string;
  /** DigitalOcean's id of the server that it was taken of, which may be gone. */
  dropletId: number;
  tags: readonly string[];
  /** RFC 3339. */
  createdAt: string;
  sizeGB: number;
}

/** Tells the fleet's snapshots from everybody else's. */
export interface SnapshotsOf {
  fleetId: string;
  /** The Kubernetes API that the objects are in; what another API keeps is its business. */
  apiId: string;
}

/** Whether it is the fleet's: by its tags, or by its name while it has none. A person's own never is. */
export function isOfFleet({ name, tags }: Snapshot, { fleetId, apiId }: SnapshotsOf): boolean {
  const isNamed = tags.includes(fleetTag(fleetId)) || snapshotNamed(fleetId, name) !== undefined;
  return isNamed && (apiOf(tags) ?? apiId) === apiId;
}

/**
 * The Droplet whose server it was taken of; undefined when there is none any more. Where the objects were lost and made
 * anew (`dropfleet adopt`), their uids are others, and the servers are the same.
 */
export const ownerOf = ({ tags, dropletId }: Snapshot, droplets: readonly Droplet[]): Droplet | undefined =>
  droplets.find(({ metadata }) => metadata.uid === uidOf(tags)) ??
  droplets.find(
    ({ status }) => status?.server?.id === dropletId || (status?.server?.formerIDs ?? []).includes(dropletId),
  );

/** Whether a server could be made from it: one of nothing was never finished. */
export const isGood = ({ sizeGB }: Pick<Snapshot, 'sizeGB'>): boolean => sizeGB > 0;

/** Whether that was tried, and the server came up. */
export const isVerified = ({ tags }: Pick<Snapshot, 'tags'>): boolean => tags.includes(VERIFIED_TAG);

/** The newer first; of those of one second, that with the larger id. */
export const newestFirst = (a: Snapshot, b: Snapshot): number =>
  Date.parse(b.createdAt) - Date.parse(a.createdAt) || Number(b.id) - Number(a.id);

/**
 * What a Droplet's server would be made from again: the newest of its own; for a web also of the other webs of its
 * project, which are equal to it. Undefined when there is none that is finished.
 *
 * @param snapshots the fleet's.
 */
export function newestGoodSnapshot<S extends Snapshot>(
  snapshots: readonly S[],
  droplet: Droplet,
  fleetId: string,
): S | undefined {
  const { project, role } = droplet.spec;
  const isOfEqual = ({ tags }: S): boolean => {
    const of = projectRoleOf(fleetId, tags);
    return role === 'web' && of?.role === 'web' && of.project === project;
  };
  return snapshots
    .filter(isGood)
    .filter(snapshot => isOfEqual(snapshot) || ownerOf(snapshot, [droplet]) !== undefined)
    .toSorted(newestFirst)[0];
}
