import { found } from '../input.ts';
import { listReply } from '../pagination.ts';
import type { ImageRecord } from '../../account/records/records.ts';
import { noContent, ok, type Call, type Route } from '../route.ts';
import { removeImage, removeVolumeSnapshot } from '../../account/actions/removal.ts';
import { stamp } from '../../account/stamp.ts';
import { volumeSnapshotView } from './volume-snapshots.ts';

/** Snapshots, of droplets and of volumes. */
export const snapshotRoutes: readonly Route[] = [
  { method: 'GET', path: '/v2/snapshots', operation: 'snapshots.list', handle: listSnapshots },
  {
    method: 'GET',
    path: '/v2/snapshots/:snapshot',
    operation: 'snapshots.get',
    handle: call => ok({ snapshot: viewOf(call) }),
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
  const { state } = call.world;
  const type = call.query.get('resource_type');
  const ofDroplets = [...state.all('snapshots')].filter(({ kind }) => kind === 'snapshot');
  const views = [
    ...(type === 'volume' ? [] : ofDroplets.map(snapshotView)),
    ...(type === 'droplet' ? [] : [...state.all('volumeSnapshots')].map(volumeSnapshotView)),
  ];
  return listReply(call, 'snapshots', views, view => view);
}

function viewOf(call: Call) {
  const ofVolume = call.world.state.get('volumeSnapshots', call.params['snapshot'] ?? '');
  return ofVolume === undefined ? snapshotView(dropletSnapshot(call)) : volumeSnapshotView(ofVolume);
}

function deleteSnapshot(call: Call) {
  const { world, now } = call;
  const id = call.params['snapshot'] ?? '';
  if (world.state.get('volumeSnapshots', id) !== undefined) removeVolumeSnapshot(world, id, now);
  else removeImage(world, dropletSnapshot(call).id, now);
  return noContent();
}

function dropletSnapshot(call: Call): ImageRecord {
  const image = found(call.world.state.get('snapshots', call.params['snapshot'] ?? ''));
  return found(image.kind === 'snapshot' ? image : undefined);
}
