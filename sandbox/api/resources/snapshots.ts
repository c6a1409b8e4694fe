import { removeImage, removeVolumeSnapshot } from '../../account/actions/removal.ts';
import type { ImageRecord } from '../../account/records/records.ts';
import { found } from '../input.ts';
import { listReply } from '../pagination.ts';
import { noContent, ok, type Call, type Route } from '../route.ts';
import { dropletSnapshotView, volumeSnapshotView } from './snapshot-view.ts';

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

function listSnapshots(call: Call) {
  const { state } = call.context;
  const type = call.query.get('resource_type');
  const ofDroplets = [...state.all('snapshots')].filter(({ kind }) => kind === 'snapshot');
  const views = [
    ...(type === 'volume' ? [] : ofDroplets.map(dropletSnapshotView)),
    ...(type === 'droplet' ? [] : [...state.all('volumeSnapshots')].map(volumeSnapshotView)),
  ];
  return listReply(call, 'snapshots', views, view => view);
}

function viewOf(call: Call) {
  const ofVolume = call.context.state.get('volumeSnapshots', call.params['snapshot'] ?? '');
  return ofVolume === undefined ? dropletSnapshotView(dropletSnapshot(call)) : volumeSnapshotView(ofVolume);
}

function deleteSnapshot(call: Call) {
  const { context, now } = call;
  const id = call.params['snapshot'] ?? '';
  if (context.state.get('volumeSnapshots', id) !== undefined) removeVolumeSnapshot(context, id, now);
  else removeImage(context, dropletSnapshot(call).id, now);
  return noContent();
}

function dropletSnapshot(call: Call): ImageRecord {
  const image = found(call.context.state.get('snapshots', call.params['snapshot'] ?? ''));
  return found(image.kind === 'snapshot' ? image : undefined);
}
