import { backupWindowView } from '../../account/actions/backups.ts';
import { sizeBySlug } from '../../account/catalog.ts';
import { networksView } from '../../account/network/networks.ts';
import type { DropletRecord } from '../../account/records/records.ts';
import { stamp } from '../../account/stamp.ts';
import type { AccountContext } from '../../account/context.ts';
import { regionViewOf, sizeView } from './catalog.ts';
import { imageView } from './images.ts';

/** A droplet as the API shows it. Who shows many finds their images once. */
export function dropletView(
  context: AccountContext,
  droplet: DropletRecord,
  images: ReadonlyMap<number, OwnImages> = imagesByDroplet(context),
) {
  const { snapshots, backups } = images.get(droplet.id) ?? NO_IMAGES;
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
    backup_ids: backups,
    next_backup_window: backupWindowView(droplet.backups),
    snapshot_ids: snapshots,
    image: imageView(droplet.image),
    volume_ids: droplet.volumeIds,
    size: sizeView(size),
    size_slug: droplet.size,
    networks: networksView(context, droplet),
    region: regionViewOf(droplet.region),
    tags: droplet.tags,
    vpc_uuid: droplet.vpc,
  };
}

/** The ids of what was taken of a droplet. */
interface OwnImages {
  readonly snapshots: readonly number[];
  readonly backups: readonly number[];
}

const NO_IMAGES: OwnImages = { snapshots: [], backups: [] };

/** Every droplet's images, found in one pass. */
export function imagesByDroplet(context: AccountContext): ReadonlyMap<number, OwnImages> {
  const images = new Map<number, OwnImages>();
  for (const { id, kind, dropletId } of context.state.all('snapshots')) {
    if (dropletId === undefined) continue;
    const { snapshots, backups } = images.get(dropletId) ?? NO_IMAGES;
    images.set(
      dropletId,
      kind === 'backup'
        ? { snapshots, backups: [...backups, id] }
        : { snapshots: [...snapshots, id], backups },
    );
  }
  return images;
}
