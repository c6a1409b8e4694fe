import { removeImage } from '../../account/actions/removal.ts';
import { startCharge } from '../../account/billing/charges.ts';
import { snapshotPrice } from '../../account/billing/prices.ts';
import { IMAGES, REGION_SLUGS } from '../../account/catalog.ts';
import type { ImageRecord } from '../../account/records/records.ts';
import { stamp } from '../../account/stamp.ts';
import { ensureTags, hasTag } from '../../account/tagging.ts';
import { nextNumber, type AccountContext } from '../../account/context.ts';
import { forbidden, unprocessable } from '../errors.ts';
import { found, optionalString, optionalText, requiredChoice, requiredString } from '../input.ts';
import { listReply } from '../pagination.ts';
import { accepted, noContent, ok, type Call, type Route } from '../route.ts';
import { readTags } from './tag-names.ts';

/** DigitalOcean's images, and the account's: snapshots, backups and uploaded ones. */
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
    handle: call => ok({ image: imageView(found(findImage(call.context, call.params['image']))) }),
  },
  { method: 'POST', path: '/v2/images', operation: 'images.create', handle: uploadImage },
  { method: 'PUT', path: '/v2/images/:image', operation: 'images.update', handle: updateImage },
  { method: 'DELETE', path: '/v2/images/:image', operation: 'images.delete', handle: deleteImage },
];

const isOwn = ({ kind }: ImageRecord): boolean => kind !== 'distribution' && kind !== 'application';

/** Whether a droplet of the region can be made of the image now. */
export const isUsable = (image: ImageRecord, region: string): boolean =>
  image.pendingUntil === undefined && image.regions.includes(region);

export const imageView = (image: ImageRecord) => ({
  id: image.id,
  name: image.name,
  type: isOwn(image) ? image.kind : 'base',
  distribution: image.distribution,
  slug: image.slug,
  public: !isOwn(image),
  regions: image.regions,
  created_at: stamp(image.createdAt),
  min_disk_size: image.minDiskSize,
  size_gigabytes: image.sizeGigabytes,
  description: image.description,
  tags: image.tags,
  status: image.pendingUntil === undefined ? 'available' : 'pending',
  error_message: '',
});

function filteredImages({ context, query }: Call): ImageRecord[] {
  const type = query.get('type');
  const tag = query.get('tag_name');
  const ownOnly = query.get('private') === 'true';
  return [...IMAGES, ...context.state.all('snapshots')].filter(
    image =>
      (type === null || image.kind === type) &&
      (tag === null || hasTag(image.tags, tag)) &&
      (!ownOnly || isOwn(image)),
  );
}

function deleteImage(call: Call) {
  const image = ownImage(call);
  if (image.actionId !== undefined) throw unprocessable('The image has a pending event.');
  removeImage(call.context, image.id, call.now);
  return noContent();
}

/** The image that a path names, which must be the account's. */
export function ownImage(call: Call): ImageRecord {
  const image = found(findImage(call.context, call.params['image']));
  if (!isOwn(image)) throw forbidden('You are not authorized to perform this operation');
  return image;
}

/** The sandbox fetches nothing: whatever the address names is there after the time of a boot. */
function uploadImage(call: Call) {
  const { context, body, now } = call;
  const region = requiredChoice(body, 'region', REGION_SLUGS);
  if (URL.parse(requiredString(body, 'url')) === null) throw unprocessable('url is invalid');
  const image: ImageRecord = {
    id: nextNumber(context.state, 'image'),
    name: requiredString(body, 'name'),
    distribution: optionalText(body, 'distribution') ?? 'Unknown',
    slug: null,
    kind: 'custom',
    regions: [region],
    createdAt: now,
    minDiskSize: UPLOADED_GIGABYTES,
    sizeGigabytes: UPLOADED_GIGABYTES,
    description: optionalString(body, 'description') ?? '',
    tags: ensureTags(context, readTags(body)),
    pendingUntil: now + context.bootDelayMs,
  };
  context.state.put('snapshots', image.id, image);
  const [resource, monthly] = [String(image.id), snapshotPrice(image.sizeGigabytes)];
  startCharge(context, { kind: 'snapshot', resource, name: image.name, monthly, from: now });
  return accepted({ image: { ...imageView(image), status: 'NEW' } });
}

/** As nothing is fetched, every upload is taken to be as big. */
const UPLOADED_GIGABYTES = 1;

function updateImage(call: Call) {
  const image = ownImage(call);
  const changed = {
    ...image,
    name: optionalText(call.body, 'name') ?? image.name,
    distribution: optionalText(call.body, 'distribution') ?? image.distribution,
    description: optionalString(call.body, 'description') ?? image.description,
  };
  call.context.state.put('snapshots', image.id, changed);
  return ok({ image: imageView(changed) });
}

const IMAGES_BY_NAME = new Map(
  IMAGES.flatMap(image => [
    [String(image.id), image],
    [image.slug, image],
  ]),
);

/** By slug or id, which may come as a number or as text. */
export function findImage(context: AccountContext, identifier: unknown): ImageRecord | undefined {
  if (typeof identifier !== 'string' && typeof identifier !== 'number') return undefined;
  return IMAGES_BY_NAME.get(String(identifier)) ?? context.state.get('snapshots', identifier);
}
