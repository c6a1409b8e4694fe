/** A range of IPv4 addresses. */
export interface Range {
  /** The first address as a number. */
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

/** Reads `10.116.0.0/20`; host bits must be zero. Undefined for anything else. */
export function parseCidr(text: string): Range | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (match === null) return undefined;
  const [a, b, c, d, prefix] = match.slice(1).map(Number) as [number, number, number, number, number];
  if ([a, b, c, d].some(octet => octet > 255) || prefix > 32) return undefined;
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  const size = 2 ** (32 - prefix);
  return first % size === 0 ? { first, last: first + size - 1, prefix } : undefined;
}

export const overlaps = (a: Range, b: Range): boolean => a.first <= b.last && b.first <= a.last;

/** `10.116.0.2` of its number. */
export const addressText = (address: number): string =>
  [24, 16, 8, 0].map(bits => Math.floor(address / 2 ** bits) % 256).join('.');

/** The number of `10.116.0.2`; NaN of what is no address. */
export const addressNumber = (text: string): number => parseCidr(`${text}/32`)?.first ?? Number.NaN;

/** `255.255.240.0` of 20. */
export const netmask = (prefix: number): string => addressText(2 ** 32 - 2 ** (32 - prefix));

const PRIVATE_RANGES = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map(text => parseCidr(text)!);

/** Whether the whole range lies in a private block of RFC 1918. */
export const isPrivate = (range: Range): boolean =>
  PRIVATE_RANGES.some(block => block.first <= range.first && range.last <= block.last);
