import { removeVolume } from '../../account/actions/removal.ts';
import { startCharge } from '../../account/billing/charges.ts';
import { volumePrice } from '../../account/billing/prices.ts';
import { regionBySlug } from '../../account/catalog.ts';
import { ACCOUNT_LIMITS } from '../../account/limits.ts';
import { assign, defaultProject } from '../../account/projects.ts';
import type { VolumeRecord, VolumeSnapshotRecord } from '../../account/records/storage-records.ts';
import { stamp, uuid } from '../../account/stamp.ts';
import { ensureTags } from '../../account/tagging.ts';
import type { AccountContext } from '../../account/context.ts';
import { badRequest, conflict, unprocessable } from '../errors.ts';
import {
  found,
  optionalChoice,
  optionalInteger,
  optionalString,
  optionalText,
  requiredString,
} from '../input.ts';
import { listReply } from '../pagination.ts';
import { created, noContent, ok, type Call, type Route } from '../route.ts';
import { regionViewOf } from './catalog.ts';
import { readTags } from './tag-names.ts';

/** Block storage volumes; what is done to them is in volume-actions.ts. */
export const volumeRoutes: readonly Route[] = [
  { method: 'GET', path: '/v2/volumes', operation: 'volumes.list', handle: listVolumes },
  { method: 'POST', path: '/v2/volumes', operation: 'volumes.create', handle: createVolume },
  { method: 'DELETE', path: '/v2/volumes', operation: 'volumes.deleteByName', handle: deleteByName },
  {
    method: 'GET',
    path: '/v2/volumes/:volume',
    operation: 'volumes.get',
    handle: call => ok({ volume: volumeView(volumeOf(call), holders(call.context)) }),
  },
  {
    method: 'DELETE',
    path: '/v2/volumes/:volume',
    operation: 'volumes.delete',
    handle: call => deleteVolume(call, volumeOf(call)),
  },
];

const MAX_GIGABYTES = 16_384;

export const volumeOf = (call: Call): VolumeRecord =>
  found(call.context.state.get('volumes', call.params['volume'] ?? ''));

/** The one with that name; within a region there is one at most. */
export function volumeNamed({ context, query }: Call, name: string | null): VolumeRecord {
  const region = query.get('region');
  return found(
    [...context.state.all('volumes')].find(
      volume => volume.name === name && (region === null || volume.region === region),
    ),
  );
}

/** Which droplet has which volume, found in one pass. */
export function holders(context: AccountContext): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  for (const droplet of context.state.all('droplets'))
    for (const volume of droplet.volumeIds) ids.set(volume, droplet.id);
  return ids;
}

function volumeView(volume: VolumeRecord, dropletIds: ReadonlyMap<string, number>) {
  const droplet = dropletIds.get(volume.id);
  return {
    id: volume.id,
    region: regionViewOf(volume.region),
    droplet_ids: droplet === undefined ? [] : [droplet],
    name: volume.name,
    description: volume.description,
    size_gigabytes: volume.sizeGigabytes,
    created_at: stamp(volume.createdAt),
    filesystem_type: volume.filesystemType,
    filesystem_label: volume.filesystemLabel,
    tags: volume.tags,
  };
}

function listVolumes(call: Call) {
  const [name, region] = ['name', 'region'].map(filter => call.query.get(filter));
  const volumes = [...call.context.state.all('volumes')].filter(
    volume => (!name || volume.name === name) && (!region || volume.region === region),
  );
  const dropletIds = holders(call.context);
  return listReply(call, 'volumes', volumes, volume => volumeView(volume, dropletIds));
}

function createVolume(call: Call) {
  const { context, body, now } = call;
  const snapshot = readSnapshot(call);
  const region = readRegion(call, snapshot);
  const volume: VolumeRecord = {
    id: uuid(context.random),
    name: readName(call, region),
    description: optionalString(body, 'description') ?? '',
    region,
    sizeGigabytes: readSize(call, snapshot),
    createdAt: now,
    ...readFilesystem(call, snapshot),
    tags: ensureTags(context, readTags(body)),
    ...(snapshot && { snapshotId: snapshot.id }),
  };
  if (
    context.state.count('volumes') >= ACCOUNT_LIMITS.volumes ||
    context.faults.take('quota', call.operation)
  )
    throw unprocessable('failed to create volume: volume limit exceeded');
  context.state.put('volumes', volume.id, volume);
  assign(context, `do:volume:${volume.id}`, defaultProject(context, now).id, now);
  const monthly = volumePrice(volume.sizeGigabytes);
  startCharge(context, { kind: 'volume', resource: volume.id, name: volume.name, monthly, from: now });
  return created({ volume: volumeView(volume, new Map()) });
}

function readSnapshot({ context, body }: Call): VolumeSnapshotRecord | undefined {
  const id = optionalText(body, 'snapshot_id');
  if (id === undefined) return undefined;
  const snapshot = context.state.get('volumeSnapshots', id);
  if (snapshot === undefined) throw unprocessable('snapshot_id: no such volume snapshot');
  return snapshot;
}

function readRegion({ body }: Call, snapshot: VolumeSnapshotRecord | undefined): string {
  const region = regionBySlug(requiredString(body, 'region'));
  if (region === undefined) throw unprocessable('region is invalid');
  if (snapshot !== undefined && !snapshot.regions.includes(region.slug))
    throw unprocessable('the snapshot is not in this region');
  return region.slug;
}

function readName({ context, body }: Call, region: string): string {
  const name = requiredString(body, 'name');
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(name))
    throw unprocessable(
      'name must begin with a letter and hold only lowercase letters, digits and -, at most 64',
    );
  for (const other of context.state.all('volumes'))
    if (other.name === name && other.region === region)
      throw conflict('a volume with the same name already exists in this region');
  return name;
}

function readSize({ body }: Call, snapshot: VolumeSnapshotRecord | undefined): number {
  const size = optionalInteger(body, 'size_gigabytes', { min: 1, max: MAX_GIGABYTES });
  if (size === undefined) throw unprocessable('size_gigabytes is required');
  if (snapshot !== undefined && size < snapshot.minDiskSize)
    throw unprocessable(`size_gigabytes must be at least the snapshot's, ${snapshot.minDiskSize}`);
  return size;
}

/** How long a label each file system can have. */
const LABEL_LENGTH = { ext4: 16, xfs: 12 } as const;

function readFilesystem({ body }: Call, snapshot: VolumeSnapshotRecord | undefined) {
  const type = optionalString(body, 'filesystem_type') || undefined;
  const filesystem = optionalChoice({ type }, 'type', ['ext4', 'xfs']);
  const label = optionalString(body, 'filesystem_label') ?? '';
  const longest = LABEL_LENGTH[filesystem ?? 'ext4'];
  if (label.length > longest) throw unprocessable(`filesystem_label may have at most ${longest} characters`);
  return {
    filesystemType: filesystem ?? snapshot?.filesystemType ?? '',
    filesystemLabel: label || (snapshot?.filesystemLabel ?? ''),
  };
}

/** A new size of a volume; it only grows. */
export function readGrowth({ body }: Call, volume: VolumeRecord): number {
  const size = optionalInteger(body, 'size_gigabytes', { max: MAX_GIGABYTES });
  if (size === undefined) throw unprocessable('size_gigabytes is required');
  if (size <= volume.sizeGigabytes)
    throw unprocessable(`size_gigabytes must be greater than the volume's current ${volume.sizeGigabytes}`);
  return size;
}

function deleteVolume({ context, now }: Call, volume: VolumeRecord) {
  if (volume.actionId !== undefined || holders(context).has(volume.id))
    throw conflict(
      "A volume that's attached to a Droplet cannot be deleted. Please detach it first before deleting.",
    );
  removeVolume(context, volume.id, now);
  return noContent();
}

function deleteByName(call: Call) {
  const name = call.query.get('name');
  if (!name || !call.query.get('region')) throw badRequest('name and region are required');
  return deleteVolume(call, volumeNamed(call, name));
}
