import type { ImageRecord } from '../../account/records/records.ts';
import type { VolumeSnapshotRecord } from '../../account/records/storage-records.ts';
import { stamp } from '../../account/stamp.ts';

/** Of a droplet. Here a snapshot's id is text, while an image's is a number. */
export const dropletSnapshotView = (snapshot: ImageRecord) =>
  viewOf(snapshot, 'droplet', String(snapshot.dropletId));

export const volumeSnapshotView = (snapshot: VolumeSnapshotRecord) =>
  viewOf(snapshot, 'volume', snapshot.volumeId);

const viewOf = (
  snapshot: ImageRecord | VolumeSnapshotRecord,
  resourceType: 'droplet' | 'volume',
  resourceId: string,
) => ({
  id: String(snapshot.id),
  name: snapshot.name,
  resource_id: resourceId,
  resource_type: resourceType,
  regions: snapshot.regions,
  created_at: stamp(snapshot.createdAt),
  min_disk_size: snapshot.minDiskSize,
  size_gigabytes: snapshot.sizeGigabytes,
  tags: snapshot.tags,
});
