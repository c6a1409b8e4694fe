import { DEFAULT_BACKUPS } from '../../account/actions/backups.ts';
import { REGIONS, regionBySlug, sizeBySlug, type Region, type Size } from '../../account/catalog.ts';
import { VOLUMES_PER_DROPLET } from '../../account/limits.ts';
import type { BackupPolicy, ImageRecord, VpcRecord } from '../../account/records/records.ts';
import type { VolumeRecord } from '../../account/records/storage-records.ts';
import type { AccountContext } from '../../account/context.ts';
import { unprocessable } from '../errors.ts';
import { isObject, optionalFlag, optionalList, optionalText } from '../input.ts';
import type { Call } from '../route.ts';
import { readBackupPolicy } from './backup-policy.ts';
import { findImage, isUsable } from './images.ts';
import { findKey } from './keys.ts';
import { readTags } from './tag-names.ts';
import { checkAttachable } from './volume-actions.ts';

/** What a create asks for, checked. */
export interface DropletOrder {
  readonly names: readonly string[];
  /** Whether one droplet was asked for by `name`, and so is answered with `droplet`. */
  readonly single: boolean;
  readonly region: string;
  readonly size: Size;
  readonly image: ImageRecord;
  /** Public keys, as lines. */
  readonly authorizedKeys: readonly string[];
  readonly tags: readonly string[];
  readonly features: readonly string[];
  /** Without public networking. */
  readonly isPrivate: boolean;
  readonly volumeIds: readonly string[];
  /** Undefined without backups. */
  readonly backups: BackupPolicy | undefined;
  readonly userData: string | undefined;
  /** None: the region's default. */
  readonly vpc: VpcRecord | undefined;
}

const MAX_NAMES = 10;
const MAX_USER_DATA_BYTES = 64 * 1024;

/** Reads the body of a create, in the order in which a person would fix it. */
export function readDropletOrder(call: Call): DropletOrder {
  const { body } = call;
  const single = body['names'] === undefined;
  if (!single && body['name'] !== undefined) throw unprocessable('only one of name and names can be given');
  const names = single ? [requiredName(body['name'])] : readNames(call);
  const size = sizeBySlug(body['size']);
  if (size === undefined) throw unprocessable('You specified an invalid size for Droplet creation.');
  const region = readRegion(body['region']);
  return {
    names,
    single,
    region,
    size,
    image: readImage(call, region, size),
    authorizedKeys: readKeys(call),
    tags: readTags(body),
    features: readFeatures(call),
    isPrivate: readIsPrivate(call),
    volumeIds: readVolumes(call, region, names.length),
    backups: readBackups(call),
    userData: readUserData(call),
    vpc: readVpc(call, region),
  };
}

function readNames({ body }: Call): string[] {
  const names = optionalList(body, 'names') ?? [];
  if (names.length === 0) throw unprocessable("Name can't be blank");
  if (names.length > MAX_NAMES)
    throw unprocessable(`You can only create up to ${MAX_NAMES} Droplets in one request.`);
  return names.map(requiredName);
}

function requiredName(name: unknown): string {
  if (typeof name !== 'string' || name === '') throw unprocessable("Name can't be blank");
  return checkHostname(name);
}

/** A droplet's name becomes its host name. */
export function checkHostname(name: string): string {
  if (/^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$/.test(name) && name.length <= 255) return name;
  throw unprocessable('Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)');
}

/** DigitalOcean picks a region where none is asked for, and one of several by how their slugs begin, such as `nyc`. */
function readRegion(slug: unknown): string {
  const isAny = slug === undefined || slug === null || slug === '';
  const region = isAny ? REGIONS[0] : (regionBySlug(slug) ?? REGIONS.find(one => isPlace(slug, one)));
  if (region === undefined) throw unprocessable('You specified an invalid region for Droplet creation.');
  return region.slug;
}

const isPlace = (text: unknown, { slug }: Region): boolean => text === slug.replace(/\d+$/, '');

function readImage({ context, body }: Call, region: string, size: Size): ImageRecord {
  const image = findImage(context, body['image']);
  if (image === undefined || !isUsable(image, region))
    throw unprocessable('You specified an invalid image for Droplet creation.');
  checkImageFits(image, size.disk);
  return image;
}

export function checkImageFits(image: ImageRecord, disk: number): void {
  if (image.minDiskSize > disk)
    throw unprocessable(
      `This image requires a disk of at least ${image.minDiskSize} GB; this Droplet's has ${disk} GB.`,
    );
}

/** Ids and fingerprints. The message names all that are unknown, as the real one does. */
function readKeys(call: Call): string[] {
  const identifiers = optionalList(call.body, 'ssh_keys') ?? [];
  const keys = identifiers.map(identifier => findKey(call.context, identifier, call.now));
  const unknown = identifiers.filter((_, index) => keys[index] === undefined);
  if (unknown.length > 0)
    throw unprocessable(`${unknown.join(', ')} are invalid key identifiers for Droplet creation.`);
  return keys.map(key => key!.publicKey);
}

function readFeatures({ body }: Call): string[] {
  const asked = ['monitoring', 'ipv6'].filter(feature => optionalFlag(body, feature));
  // It is the case here, whatever is asked for.
  optionalFlag(body, 'private_networking');
  const agent = optionalFlag(body, 'with_droplet_agent') === false ? [] : ['droplet_agent'];
  return [...asked, ...agent, 'private_networking'];
}

function readIsPrivate({ body }: Call): boolean {
  const isPrivate = optionalFlag(body, 'public_networking') === false;
  if (isPrivate && optionalFlag(body, 'ipv6'))
    throw unprocessable('ipv6 must be false when public_networking is false');
  return isPrivate;
}

function readBackups({ body }: Call): BackupPolicy | undefined {
  const policy = readBackupPolicy(body);
  return optionalFlag(body, 'backups') ? (policy ?? DEFAULT_BACKUPS) : undefined;
}

/** The specification says texts, and Go's client sends objects with an id, or with a name. */
function readVolumes({ context, body }: Call, region: string, droplets: number): string[] {
  const volumes = (optionalList(body, 'volumes') ?? []).map(volume => findVolume(context, volume, region));
  if (volumes.length > 0 && droplets > 1) throw unprocessable('a volume can be attached to one Droplet only');
  if (volumes.length > VOLUMES_PER_DROPLET)
    throw unprocessable(`a Droplet can have at most ${VOLUMES_PER_DROPLET} volumes`);
  for (const volume of volumes) checkAttachable(context, volume, region);
  return [...new Set(volumes.map(volume => volume.id))];
}

function findVolume({ state }: AccountContext, wanted: unknown, region: string): VolumeRecord {
  const { id, name } = isObject(wanted) ? wanted : { id: wanted };
  const volume =
    typeof id === 'string' && id !== ''
      ? state.get('volumes', id)
      : [...state.all('volumes')].find(other => other.name === name && other.region === region);
  if (volume === undefined)
    throw unprocessable(`Failed to resolve volume ${String(id ?? name)}: volume not found`);
  if (volume.actionId !== undefined) throw unprocessable('the volume has a pending event');
  return volume;
}

function readUserData({ body }: Call): string | undefined {
  const userData = optionalText(body, 'user_data');
  if (userData !== undefined && Buffer.byteLength(userData) > MAX_USER_DATA_BYTES)
    throw unprocessable('User data may be at most 64 KiB');
  return userData;
}

function readVpc({ context, body }: Call, region: string): VpcRecord | undefined {
  const id = optionalText(body, 'vpc_uuid');
  if (id === undefined) return undefined;
  const vpc = context.state.get('vpcs', id);
  if (vpc === undefined || vpc.region !== region)
    throw unprocessable('You specified an invalid VPC for Droplet creation.');
  return vpc;
}
