import type { Cloud, CloudSnapshot } from '../../clients/digitalocean/cloud.ts';
import { UnreadableItems } from '../../clients/digitalocean/errors.ts';
import { fleetTag } from '../../crds/cloud-tags.ts';
import { isNamedBy } from '../../crds/snapshot-name.ts';

/** The account's snapshots, as far as they can be read. */
export interface SnapshotList {
  snapshots: readonly CloudSnapshot[];
  /** What cannot be read of others than the fleet's, in a sentence that names the first. */
  unreadable?: string;
}

/**
 * Lists the account's snapshots. What is somebody else's, and surely so, need not be understood; rejects as long as one
 * cannot be read that may be the fleet's: it may be the one that is to be kept.
 */
export async function listSnapshots(
  cloud: Pick<Cloud, 'listSnapshots'>,
  fleetId: string,
  signal?: AbortSignal,
): Promise<SnapshotList> {
  try {
    return { snapshots: await cloud.listSnapshots(signal) };
  } catch (error) {
    if (!(error instanceof UnreadableItems)) throw error;
    const isOthers = error.unreadableMarks.every(marks => marks !== undefined && isForeign(marks, fleetId));
    if (!isOthers) throw error;
    const snapshots = error.readable as readonly CloudSnapshot[];
    return { snapshots, unreadable: `snapshots that are not the fleet's are skipped: ${error.message}` };
  }
}

const isForeign = ({ name, tags }: { name: string; tags: readonly string[] }, fleetId: string): boolean =>
  !tags.some(tag => tag.toLowerCase() === fleetTag(fleetId)) && !isNamedBy(fleetId, name);
