import type {
  CloudAccount,
  CloudAction,
  CloudDroplet,
  CloudKey,
  CloudReservedIP,
  CloudSize,
  CloudSnapshot,
  CloudVolume,
} from './cloud.ts';
import {
  AMOUNT,
  COUNT,
  DROPLET_NAME,
  fieldsOf,
  FINGERPRINT,
  FLAG,
  GIGABYTES,
  ID,
  LABEL,
  listOf,
  oneOf,
  optional,
  PRICE,
  PUBLIC_KEY,
  SERVER_ADDRESS,
  SLUG,
  TAG,
  TIME,
  WORD,
  type Kind,
} from './values.ts';

// DigitalOcean's JSON cut down to what dropfleet reads. What cannot be is refused, with Unreadable: an address goes
// into an SSH connection, a name onto a terminal, an id into a deletion, and whatever answers may not be DigitalOcean.

export const decodeDroplet: Kind<CloudDroplet> = (value, path) => {
  const fields = fieldsOf(value, path);
  return {
    id: fields('id', ID),
    name: fields('name', DROPLET_NAME),
    status: fields('status', oneOf('new', 'active', 'off', 'archive')),
    locked: fields('locked', FLAG),
    size: fields('size_slug', SLUG),
    disk: fields('disk', AMOUNT),
    region: fields('region', REGION),
    image: fields('image', IMAGE),
    tags: fields('tags', listOf(TAG)),
    createdAt: fields('created_at', TIME),
    ...fields('networks', ADDRESSES),
  };
};

/** A droplet has no networks until it boots. */
const ADDRESSES: Kind<Pick<CloudDroplet, 'publicAddress' | 'privateAddress'>> = (value, path) => {
  if (value === undefined || value === null) return {};
  const networks = fieldsOf(value, path)('v4', listOf(NETWORK_OF_DROPLET));
  const publicAddress = networks.find(({ type }) => type === 'public')?.address;
  const privateAddress = networks.find(({ type }) => type === 'private')?.address;
  return {
    ...(publicAddress !== undefined && { publicAddress }),
    ...(privateAddress !== undefined && { privateAddress }),
  };
};

const NETWORK_OF_DROPLET: Kind<{ type: 'public' | 'private'; address: string }> = (value, path) => {
  const fields = fieldsOf(value, path);
  return {
    type: fields('type', oneOf('public', 'private')),
    address: fields('ip_address', SERVER_ADDRESS),
  };
};

const REGION: Kind<string> = (value, path) =>
  typeof value === 'string' ? SLUG(value, path) : fieldsOf(value, path)('slug', SLUG);

const IMAGE: Kind<string> = (value, path) => {
  if (typeof value !== 'object' || value === null) return imageName(value, path);
  const fields = fieldsOf(value, path);
  return fields('slug', optional(SLUG)) ?? String(fields('id', ID));
};

const imageName: Kind<string> = (value, path) =>
  typeof value === 'number' ? String(ID(value, path)) : SLUG(value, path);

export const decodeAccount: Kind<CloudAccount> = (value, path) => {
  const fields = fieldsOf(value, path);
  return {
    uuid: fields('uuid', WORD),
    dropletLimit: fields('droplet_limit', COUNT),
    status: fields('status', WORD),
  };
};

export const decodeAction: Kind<CloudAction> = (value, path) => {
  const fields = fieldsOf(value, path);
  return {
    id: fields('id', ID),
    type: fields('type', WORD),
    status: fields('status', oneOf('in-progress', 'completed', 'errored')),
  };
};

export const decodeSize: Kind<CloudSize> = (value, path) => {
  const fields = fieldsOf(value, path);
  return {
    slug: fields('slug', SLUG),
    disk: fields('disk', AMOUNT),
    memory: fields('memory', AMOUNT),
    vcpus: fields('vcpus', AMOUNT),
    priceMonthly: fields('price_monthly', PRICE),
    available: fields('available', FLAG),
    regions: fields('regions', listOf(SLUG)),
  };
};

export const decodeKey: Kind<CloudKey> = (value, path) => {
  const fields = fieldsOf(value, path);
  return {
    id: fields('id', ID),
    name: fields('name', LABEL),
    fingerprint: fields('fingerprint', FINGERPRINT),
    publicKey: fields('public_key', PUBLIC_KEY),
  };
};

export const decodeSnapshot: Kind<CloudSnapshot> = (value, path) => {
  const fields = fieldsOf(value, path);
  return {
    id: fields('id', idText),
    name: fields('name', LABEL),
    dropletId: fields('resource_id', idNumber),
    tags: fields('tags', listOf(TAG)),
    createdAt: fields('created_at', TIME),
    sizeGB: fields('size_gigabytes', GIGABYTES),
    minDisk: fields('min_disk_size', AMOUNT),
    regions: fields('regions', listOf(SLUG)),
  };
};

/** Snapshots of droplets have had numbers for ids. */
const idText: Kind<string> = (value, path) =>
  typeof value === 'number' ? String(ID(value, path)) : WORD(value, path);

/** What is a number everywhere else is text where it could be a volume's. */
const idNumber: Kind<number> = (value, path) =>
  ID(typeof value === 'string' && /^[1-9]\d*$/.test(value) ? Number(value) : value, path);

export const decodeVolume: Kind<CloudVolume> = (value, path) => {
  const fields = fieldsOf(value, path);
  return {
    id: fields('id', WORD),
    name: fields('name', LABEL),
    region: fields('region', REGION),
    sizeGB: fields('size_gigabytes', AMOUNT),
    tags: fields('tags', listOf(TAG)),
    dropletIds: fields('droplet_ids', listOf(ID)),
    createdAt: fields('created_at', TIME),
  };
};

export const decodeReservedIP: Kind<CloudReservedIP> = (value, path) => {
  const fields = fieldsOf(value, path);
  const dropletId = fields('droplet', HOLDER);
  return {
    address: fields('ip', SERVER_ADDRESS),
    region: fields('region', REGION),
    locked: fields('locked', optional(FLAG)) ?? false,
    ...(dropletId !== undefined && { dropletId }),
  };
};

/** Null, or an empty text, while the address leads nowhere. */
const HOLDER: Kind<number | undefined> = (value, path) =>
  value === undefined || value === null || value === '' ? undefined : fieldsOf(value, path)('id', ID);
