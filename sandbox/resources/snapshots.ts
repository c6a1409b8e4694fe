import { found } from '../input.ts';
import { listReply } from '../pagination.ts';
import type { ImageRecord } from '../records.ts';
import { noContent, ok, type Call, type Route } from '../route.ts';
import { stamp } from '../stamp.ts';

/** Snapshots of droplets; the sandbox has no volumes. */
export const snapshotRoutes: readonly Route[] = [
  { method: 'GET', path: '/v2/snapshots', operation: 'snapshots.list', handle: listSnapshots },
  {
    method: 'GET',
    path: '/v2/snapshots/:snapshot',
    operation: 'snapshots.get',
    handle: call => ok({ snapshot: snapshotView(snapshotOf(call)) }),
  },
  {
    method: 'DELETE',
    path: '/v2/snapshots/:snapshot',
    operation: 'snapshots.delete',
    handle: deleteSnapshot,
  },
];

/** Here a snapshot's id is text, while an image's is a number. */
const snapshotView = (snapshot: ImageRecord) => ({
  id: String(snapshot.id),
  name: snapshot.name,
  resource_id: String(snapshot.dropletId),
  resource_type: 'droplet',
  regions: snapshot.regions,
  created_at: stamp(snapshot.createdAt),
  min_disk_size: snapshot.minDiskSize,
  size_gigabytes: snapshot.sizeGigabytes,
  tags: snapshot.tags,
});

function listSnapshots(call: Call) {
  const type = call.query.get('resource_type') ?? 'droplet';
  const snapshots = type === 'droplet' ? [...call.world.state.all('snapshots')] : [];
  return listReply(call, 'snapshots', snapshots, snapshotView);
}

function deleteSnapshot(call: Call) {
  call.world.state.remove('snapshots', snapshotOf(call).id);
  return noContent();
}

const snapshotOf = (call: Call): ImageRecord =>
  found(call.world.state.get('snapshots', call.params['snapshot'] ?? ''));
