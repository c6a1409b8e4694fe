import type { IAccount } from 'dots-wrapper/dist/account/index.js';
import type { IAction } from 'dots-wrapper/dist/action/index.js';
import type { IDroplet } from 'dots-wrapper/dist/droplet/index.js';
import type { ISize } from 'dots-wrapper/dist/size/index.js';
import type { ISshKey } from 'dots-wrapper/dist/ssh-key/index.js';
import type { CloudAccount, CloudAction, CloudDroplet, CloudKey, CloudResource, CloudSize } from './cloud.ts';

// DigitalOcean's JSON cut down to what dropfleet reads. Each throws on something that is no such thing.

export function decodeDroplet(droplet: IDroplet): CloudDroplet {
  const publicAddress = addressOf(droplet, 'public');
  const privateAddress = addressOf(droplet, 'private');
  return {
    id: idOf(droplet),
    name: droplet.name,
    status: droplet.status as CloudDroplet['status'],
    locked: droplet.locked,
    size: droplet.size_slug,
    disk: droplet.disk,
    region: typeof droplet.region === 'string' ? droplet.region : droplet.region.slug,
    image: imageOf(droplet),
    tags: droplet.tags,
    createdAt: droplet.created_at,
    ...(publicAddress !== undefined && { publicAddress }),
    ...(privateAddress !== undefined && { privateAddress }),
  };
}

export const decodeAccount = (account: IAccount): CloudAccount => ({
  uuid: account.uuid,
  dropletLimit: account.droplet_limit,
  status: account.status,
});

export const decodeAction = (action: IAction): CloudAction => ({
  id: idOf(action),
  type: action.type,
  status: action.status as CloudAction['status'],
});

export const decodeSize = (size: ISize): CloudSize => ({
  slug: size.slug,
  disk: size.disk,
  memory: size.memory,
  vcpus: size.vcpus,
  priceMonthly: size.price_monthly,
  available: size.available,
  regions: size.regions,
});

export const decodeKey = (key: ISshKey): CloudKey => ({
  id: idOf(key),
  name: key.name,
  fingerprint: key.fingerprint,
  publicKey: key.public_key,
});

/** A snapshot. */
export const decodeResource = (resource: {
  id?: string;
  name: string;
  tags?: string[] | null;
  created_at?: string;
}): CloudResource => ({
  // Snapshots of droplets have had numbers for ids.
  id: String(resource.id),
  name: resource.name,
  tags: resource.tags ?? [],
  createdAt: resource.created_at ?? '',
});

/** Guards against a reply that is JSON but no thing of DigitalOcean's: whatever has an id is taken at its word. */
function idOf({ id }: { id: number }): number {
  if (!Number.isSafeInteger(id)) throw new TypeError('an id must be a whole number');
  return id;
}

/** A droplet has no networks until it boots. */
const addressOf = ({ networks }: IDroplet, type: 'public' | 'private'): string | undefined =>
  networks?.v4?.find(network => network.type === type)?.ip_address;

function imageOf({ image }: IDroplet): string {
  if (typeof image !== 'object') return String(image);
  return image.slug || String(image.id);
}
