import { BlockList, isIP } from 'node:net';

/**
 * An address or network in one spelling: the shortest form of IPv6, without what says "this address alone", and
 * without bits that the prefix leaves out of an IPv4 network. Anything else comes back as it is.
 */
export function canonicalNetwork(text: string): string {
  const [address = '', prefix] = text.trim().split('/');
  const kind = isIP(address);
  if (kind === 0) return text;
  const shortest = kind === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
  if (prefix === undefined || Number(prefix) === (kind === 6 ? 128 : 32)) return shortest;
  return `${kind === 4 ? textOf(masked(address, Number(prefix))) : shortest}/${Number(prefix)}`;
}

/** Whether the address is in the network, or is the address. */
export function isInNetwork(address: string, network: string): boolean {
  // A list of one family would know the other's addresses, too, as mapped ones.
  return isIP(address) === isIP(network.split('/')[0]!) && holds(listOf([network]), address);
}

/**
 * Networks that the internet does not carry (RFC 1918, 6598, 3927, 1122, 4193, 4291): whoever comes from one is
 * seen under another address.
 */
const PRIVATE = listOf([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::/127',
  'fc00::/7',
  'fe80::/10',
]);

/** Whether no packet of the internet can come from that address or network. */
export const isPrivateNetwork = (network: string): boolean => holds(PRIVATE, network.split('/')[0]!);

/** What is no network is left out. */
function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [base = '', prefix] = network.split('/');
    const bits = { 0: undefined, 4: 32, 6: 128 }[isIP(base)];
    if (bits !== undefined) list.addSubnet(base, Number(prefix ?? bits), familyOf(base));
  }
  return list;
}

const holds = (list: BlockList, address: string): boolean =>
  isIP(address) !== 0 && list.check(address, familyOf(address));

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

/** The network's number, bits outside of the prefix cleared. */
function masked(address: string, prefix: number): number {
  const number = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const size = 2 ** (32 - prefix);
  return Math.floor(number / size) * size;
}

const textOf = (number: number): string =>
  [24, 16, 8, 0].map(shift => Math.floor(number / 2 ** shift) % 256).join('.');
