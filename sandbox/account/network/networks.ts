import type { Addresses, DropletRecord, VpcRecord } from '../records/records.ts';
import { uuid } from '../stamp.ts';
import { countersOf, nextNumber, setCounters, type AccountContext } from '../context.ts';
import { addressText, netmask, overlaps, parseCidr } from './cidr.ts';

/** Set aside for benchmarks (RFC 2544): nobody's server answers there. */
export const DEFAULT_PUBLIC_RANGE = '198.18.0.0/15';
const FIRST_RANGE = parseCidr('10.100.0.0/20')!;
const RANGE_SIZE = FIRST_RANGE.last - FIRST_RANGE.first + 1;
/** The first addresses of a range are its own, its gateway's, and the cloud's. */
const RESERVED = 4;

/** Whether a VPC has an address left for one more droplet. */
export function hasRoom(context: AccountContext, vpc: VpcRecord): boolean {
  const { first, last } = parseCidr(vpc.ipRange)!;
  const members = [...context.state.all('droplets')].filter(droplet => droplet.vpc === vpc.id);
  return members.length < last - first - RESERVED;
}

/** Sets addresses aside for a new droplet; `reuse` takes the public one that was given back last. */
export function assignAddresses(
  context: AccountContext,
  droplet: Omit<DropletRecord, 'addresses'>,
  reuse: boolean,
): Addresses {
  const ipv6 = droplet.features.includes('ipv6') ? { ipv6: ipv6Address(droplet.id) } : {};
  return { public: publicAddress(context, reuse), private: privateAddress(context, droplet), ...ipv6 };
}

/** One that no droplet has, and that is not reserved; the one given back last if it may be used again. */
export function publicAddress(context: AccountContext, reuse: boolean): string {
  const { released } = countersOf(context.state);
  const inUse = new Set([
    ...[...context.state.all('droplets')].map(other => other.addresses.public),
    ...[...context.state.all('reservedIps')].map(reserved => reserved.ip),
  ]);
  if (reuse && released !== undefined && !inUse.has(released)) return released;
  const range = parseCidr(context.publicRange)!;
  const usable = range.last - range.first - RESERVED;
  for (;;) {
    const number = nextNumber(context.state, 'address');
    const address = addressText(range.first + RESERVED + (number % usable));
    if (!inUse.has(address)) return address;
  }
}

/** The lowest that no other droplet of the VPC has. */
function privateAddress(context: AccountContext, droplet: Pick<DropletRecord, 'vpc'>): string {
  const range = parseCidr(context.state.get('vpcs', droplet.vpc)!.ipRange)!;
  const neighbors = [...context.state.all('droplets')].filter(other => other.vpc === droplet.vpc);
  const inUse = new Set(neighbors.map(other => other.addresses.private));
  let address = range.first + RESERVED;
  while (inUse.has(addressText(address))) address += 1;
  return addressText(address);
}

/** An address of the documentation block, which is nobody's (RFC 3849). */
export const ipv6Address = (dropletId: number): string =>
  `2001:db8:0:1010::${Math.floor(dropletId / 65_536).toString(16)}:${(dropletId % 65_536).toString(16)}`;

/** A public address that another droplet may get from now on. */
export const releaseAddress = (context: AccountContext, address: string): void =>
  setCounters(context.state, { released: address });

/** A droplet's `networks`, empty until it has booted. */
export function networksView(
  context: AccountContext,
  { status, addresses, vpc, isPrivate }: DropletRecord,
): unknown {
  if (status === 'new') return { v4: [], v6: [] };
  const range = parseCidr(context.state.get('vpcs', vpc)!.ipRange)!;
  const outside = parseCidr(context.publicRange)!;
  const inside = {
    ip_address: addresses.private,
    netmask: netmask(range.prefix),
    gateway: addressText(range.first + 1),
    type: 'private',
  };
  if (isPrivate) return { v4: [inside], v6: [] };
  const v4 = [
    inside,
    {
      ip_address: addresses.public,
      netmask: netmask(outside.prefix),
      gateway: addressText(outside.first + 1),
      type: 'public',
    },
  ];
  const v6 = addresses.ipv6 === undefined ? [] : [ipv6View(addresses.ipv6)];
  return { v4, v6 };
}

const ipv6View = (address: string): unknown => ({
  ip_address: address,
  netmask: 64,
  gateway: '2001:db8:0:1010::1',
  type: 'public',
});

/** The VPC that droplets of a region join unless they name another; made when the first one comes. */
export function defaultVpc(context: AccountContext, region: string, now: number): VpcRecord {
  const existing = [...context.state.all('vpcs')].find(vpc => vpc.region === region && vpc.default);
  if (existing !== undefined) return existing;
  const vpc: VpcRecord = {
    id: uuid(context.random),
    name: `default-${region}`,
    description: '',
    region,
    ipRange: freeRange(context),
    createdAt: now,
    default: true,
  };
  context.state.put('vpcs', vpc.id, vpc);
  return vpc;
}

/** A /20 that overlaps with no VPC's. */
export function freeRange(context: AccountContext): string {
  const taken = [...context.state.all('vpcs')].map(vpc => parseCidr(vpc.ipRange)!);
  for (let first = FIRST_RANGE.first; ; first += RANGE_SIZE) {
    const text = `${addressText(first)}/${FIRST_RANGE.prefix}`;
    const range = { ...FIRST_RANGE, first, last: first + RANGE_SIZE - 1 };
    if (!taken.some(other => overlaps(other, range))) return text;
  }
}
