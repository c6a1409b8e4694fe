import { sizeBySlug } from '../catalog.ts';
import { networksView } from '../networks.ts';
import type { DropletRecord } from '../records.ts';
import { stamp } from '../stamp.ts';
import type { World } from '../world.ts';
import { regionViewOf, sizeView } from './catalog.ts';
import { imageView } from './images.ts';

/** A droplet as the API shows it. `snapshotIds` are those of its snapshots. */
export function dropletView(world: World, droplet: DropletRecord, snapshotIds: readonly number[]) {
  const size = sizeBySlug(droplet.size)!;
  return {
    id: droplet.id,
    name: droplet.name,
    memory: size.memory,
    vcpus: size.vcpus,
    disk: droplet.disk,
    disk_info: [{ type: 'local', size: { amount: droplet.disk, unit: 'gib' } }],
    locked: droplet.actionId !== undefined,
    status: droplet.status,
    kernel: null,
    created_at: stamp(droplet.createdAt),
    features: droplet.features,
    backup_ids: [],
    next_backup_window: null,
    snapshot_ids: snapshotIds,
    image: imageView(droplet.image),
    volume_ids: droplet.volumeIds,
    size: sizeView(size),
    size_slug: droplet.size,
    networks: networksView(world, droplet),
    region: regionViewOf(droplet.region),
    tags: droplet.tags,
    vpc_uuid: droplet.vpc,
  };
}

/** The ids of every droplet's snapshots, found in one pass. */
export function snapshotIdsByDroplet(world: World): ReadonlyMap<number, number[]> {
  const ids = new Map<number, number[]>();
  for (const { id, dropletId } of world.state.all('snapshots'))
    if (dropletId !== undefined) ids.set(dropletId, [...(ids.get(dropletId) ?? []), id]);
  return ids;
}
