import { IMAGES } from '../catalog.ts';
import { forbidden } from '../errors.ts';
import { found } from '../input.ts';
import { listReply } from '../pagination.ts';
import type { ImageRecord } from '../records.ts';
import { noContent, ok, type Call, type Route } from '../route.ts';
import { stamp } from '../stamp.ts';
import { hasTag } from '../tagging.ts';
import type { World } from '../world.ts';

/** DigitalOcean's images, and the account's snapshots as images. */
export const imageRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v2/images',
    operation: 'images.list',
    handle: call => listReply(call, 'images', filteredImages(call), imageView),
  },
  {
    method: 'GET',
    path: '/v2/images/:image',
    operation: 'images.get',
    handle: call => ok({ image: imageView(found(findImage(call.world, call.params['image']))) }),
  },
  { method: 'DELETE', path: '/v2/images/:image', operation: 'images.delete', handle: deleteImage },
];

export const imageView = (image: ImageRecord) => ({
  id: image.id,
  name: image.name,
  type: image.kind === 'snapshot' ? 'snapshot' : 'base',
  distribution: image.distribution,
  slug: image.slug,
  public: image.kind !== 'snapshot',
  regions: image.regions,
  created_at: stamp(image.createdAt),
  min_disk_size: image.minDiskSize,
  size_gigabytes: image.sizeGigabytes,
  description: image.description,
  tags: image.tags,
  status: 'available',
  error_message: '',
});

function filteredImages({ world, query }: Call): ImageRecord[] {
  const type = query.get('type');
  const tag = query.get('tag_name');
  const ownOnly = query.get('private') === 'true';
  return [...IMAGES, ...world.state.all('snapshots')].filter(
    image =>
      (type === null || image.kind === type) &&
      (tag === null || hasTag(image.tags, tag)) &&
      (!ownOnly || image.kind === 'snapshot'),
  );
}

function deleteImage(call: Call) {
  const image = found(findImage(call.world, call.params['image']));
  if (image.kind !== 'snapshot') throw forbidden('You are not authorized to perform this operation');
  call.world.state.remove('snapshots', image.id);
  return noContent();
}

const IMAGES_BY_NAME = new Map(
  IMAGES.flatMap(image => [
    [String(image.id), image],
    [image.slug, image],
  ]),
);

/** By slug or id, which may come as a number or as text. */
export function findImage(world: World, identifier: unknown): ImageRecord | undefined {
  if (typeof identifier !== 'string' && typeof identifier !== 'number') return undefined;
  return IMAGES_BY_NAME.get(String(identifier)) ?? world.state.get('snapshots', identifier);
}
