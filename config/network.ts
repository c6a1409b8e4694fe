import { isIP } from 'node:net';

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

/** Whether the IPv4 address is in the network, or is the address. */
export function isInNetwork(address: string, network: string): boolean {
  const [base = '', prefix = '32'] = network.split('/');
  if (isIP(address) !== 4 || isIP(base) !== 4) return canonicalNetwork(address) === canonicalNetwork(network);
  return masked(address, Number(prefix)) === masked(base, Number(prefix));
}

/**
 * Networks that the internet does not carry (RFC 1918, 6598, 3927, 1122, 4193, 4291): whoever comes from one is
 * seen under another address.
 */
const PRIVATE_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
];
const PRIVATE_V6 = /^(::1?$|f[cd]|fe[89ab])/i;

/** Whether no packet of the internet can come from that address or network. */
export function isPrivateNetwork(network: string): boolean {
  const address = network.split('/')[0]!;
  if (isIP(address) === 6) return PRIVATE_V6.test(canonicalNetwork(address));
  return PRIVATE_V4.some(range => isInNetwork(address, range));
}

/** The network's number, bits outside of the prefix cleared. */
function masked(address: string, prefix: number): number {
  const number = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const size = 2 ** (32 - prefix);
  return Math.floor(number / size) * size;
}

const textOf = (number: number): string =>
  [24, 16, 8, 0].map(shift => Math.floor(number / 2 ** shift) % 256).join('.');
