import { removeVolumeSnapshot } from '../../account/actions/removal.ts';
import { startCharge } from '../../account/billing/charges.ts';
import { snapshotPrice } from '../../account/billing/prices.ts';
import type { VolumeRecord, VolumeSnapshotRecord } from '../../account/records/storage-records.ts';
import { uuid } from '../../account/stamp.ts';
import { ensureTags } from '../../account/tagging.ts';
import type { AccountContext } from '../../account/context.ts';
import { found, requiredString } from '../input.ts';
import { listReply } from '../pagination.ts';
import { created, noContent, ok, type Call, type Route } from '../route.ts';
import { volumeSnapshotView } from './snapshot-view.ts';
import { readTags } from './tag-names.ts';
import { volumeOf } from './volumes.ts';

/** Snapshots of volumes; those of droplets too are in snapshots.ts. */
export const volumeSnapshotRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v2/volumes/snapshots/:snapshot',
    operation: 'volumeSnapshots.get',
    handle: call => ok({ snapshot: volumeSnapshotView(volumeSnapshotOf(call)) }),
  },
  {
    method: 'DELETE',
    path: '/v2/volumes/snapshots/:snapshot',
    operation: 'volumeSnapshots.delete',
    handle(call) {
      removeVolumeSnapshot(call.context, volumeSnapshotOf(call).id, call.now);
      return noContent();
    },
  },
  {
    method: 'GET',
    path: '/v2/volumes/:volume/snapshots',
    operation: 'volumeSnapshots.list',
    handle: listSnapshots,
  },
  {
    method: 'POST',
    path: '/v2/volumes/:volume/snapshots',
    operation: 'volumeSnapshots.create',
    handle: createSnapshot,
  },
];

const volumeSnapshotOf = (call: Call): VolumeSnapshotRecord =>
  found(call.context.state.get('volumeSnapshots', call.params['snapshot'] ?? ''));

function listSnapshots(call: Call) {
  const { id } = volumeOf(call);
  const snapshots = [...call.context.state.all('volumeSnapshots')].filter(({ volumeId }) => volumeId === id);
  return listReply(call, 'snapshots', snapshots, volumeSnapshotView);
}

/** Nothing was ever written to it: no droplet had it, and it was not made of a snapshot. */
function isEmpty({ state }: AccountContext, { id, snapshotId }: VolumeRecord): boolean {
  const wasMoved = [...state.all('actions')].some(({ volumeId }) => volumeId === id);
  const isHeld = [...state.all('droplets')].some(({ volumeIds }) => volumeIds.includes(id));
  return snapshotId === undefined && !wasMoved && !isHeld;
}

/** It is there at once: a volume is copied when it is written to. */
function createSnapshot(call: Call) {
  const { context, body, now } = call;
  const volume = volumeOf(call);
  const snapshot: VolumeSnapshotRecord = {
    id: uuid(context.random),
    name: requiredString(body, 'name'),
    volumeId: volume.id,
    regions: [volume.region],
    createdAt: now,
    minDiskSize: volume.sizeGigabytes,
    sizeGigabytes: isEmpty(context, volume) ? 0 : volume.sizeGigabytes,
    filesystemType: volume.filesystemType,
    filesystemLabel: volume.filesystemLabel,
    tags: ensureTags(context, readTags(body)),
  };
  context.state.put('volumeSnapshots', snapshot.id, snapshot);
  const monthly = snapshotPrice(snapshot.sizeGigabytes);
  const { id: resource, name } = snapshot;
  startCharge(context, { kind: 'snapshot', resource, name, monthly, from: now });
  return created({ snapshot: volumeSnapshotView(snapshot) });
}
