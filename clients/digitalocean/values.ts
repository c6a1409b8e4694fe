import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { quoted } from '../log/printable.ts';

/** A reply holds what cannot be. The message says which field, what it holds, and what was expected. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

/** Takes a value of a reply for what it should be, or throws Unreadable; `path` is where it stands. */
export type Kind<T> = (value: unknown, path: string) => T;

/** How much of a wrong value is shown. */
const LONGEST_SHOWN = 60;

function refuse(value: unknown, path: string, expected: string): never {
  throw new Unreadable(`${path} is ${shown(value)}, expected ${expected}`);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return quoted(value, LONGEST_SHOWN);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value === undefined ? 'missing' : 'an object';
}

/** A value that `is` accepts. */
const only =
  <T>(expected: string, is: (value: unknown) => value is T): Kind<T> =>
  (value, path) =>
    is(value) ? value : refuse(value, path, expected);

/** Text of that pattern. */
const text = (expected: string, pattern: RegExp): Kind<string> =>
  only(expected, (value): value is string => typeof value === 'string' && pattern.test(value));

/** A whole number from `least` to `most`. */
const whole = (least: number, most: number): Kind<number> =>
  only(
    `a whole number from ${least} to ${most}`,
    (value): value is number =>
      Number.isSafeInteger(value) && least <= Number(value) && Number(value) <= most,
  );

/** One of these words. */
export const oneOf = <T extends string>(...words: readonly T[]): Kind<T> =>
  only(`one of ${words.join(', ')}`, (value): value is T => (words as readonly unknown[]).includes(value));

/** A list of such values; null and nothing are an empty one. */
export const listOf =
  <T>(kind: Kind<T>): Kind<T[]> =>
  (value, path) => {
    if (value === undefined || value === null) return [];
    return itemsOf(value, path).map((item, i) => kind(item, `${path}[${i}]`));
  };

/** Either such a value, or undefined for null, nothing and an empty text. */
export const optional =
  <T>(kind: Kind<T>): Kind<T | undefined> =>
  (value, path) =>
    value === undefined || value === null || value === '' ? undefined : kind(value, path);

/** A list, whatever it holds. */
export function itemsOf(value: unknown, path: string): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : refuse(value, path, 'a list');
}

/** Reads the fields of an object at `path`: `fields('id', ID)`. */
export type Fields = <T>(name: string, kind: Kind<T>) => T;

/** The fields of an object; `path` is empty for the whole reply. */
export function fieldsOf(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(value, path, 'an object');
  const object = value as Record<string, unknown>;
  return (name, kind) =>
    kind(Object.hasOwn(object, name) ? object[name] : undefined, path === '' ? name : `${path}.${name}`);
}

export const ID = whole(1, Number.MAX_SAFE_INTEGER);
/** The most of anything that an account has: what is beyond would be asked for page by page. */
export const COUNT = whole(0, 100_000);
/** GB of disk, MB of memory, virtual processors. */
export const AMOUNT = whole(0, 100_000_000);
export const FLAG: Kind<boolean> = only('true or false', value => typeof value === 'boolean');
export const PRICE: Kind<number> = only(
  'a price',
  (value): value is number => typeof value === 'number' && value >= 0 && value <= 1_000_000,
);
/** Of a snapshot: billed by the hundredth. */
export const GIGABYTES: Kind<number> = only(
  'a size in GB',
  (value): value is number => typeof value === 'number' && value >= 0 && value <= 1_000_000,
);

// The patterns of names are those of DigitalOcean's OpenAPI document.
export const DROPLET_NAME = text(
  'letters, digits, dots and dashes, at most 255',
  /^(?=.{1,255}$)[a-z0-9]?[a-z0-9.-]*[a-z0-9]$/i,
);
export const FIREWALL_NAME = text(
  'letters, digits, dots and dashes, at most 255',
  /^[a-z0-9][a-z0-9.-]{0,254}$/i,
);
export const TAG = text(
  'letters, digits, colons, dashes and underscores, at most 255',
  /^[a-z0-9_:-]{1,255}$/i,
);
export const SLUG = text('a slug such as s-1vcpu-1gb', /^[a-z0-9][a-z0-9._-]{0,99}$/i);
export const WORD = text('a word', /^[a-z0-9][a-z0-9_-]{0,63}$/i);
export const FINGERPRINT = text('a fingerprint', /^[a-z0-9:+/=]{1,128}$/i);
/** What people write: anything but control characters. */
export const LABEL = text('at most 255 characters without control characters', /^[^\p{Cc}\p{Cs}]{0,255}$/u);
export const PUBLIC_KEY = text('an SSH public key', /^[^\p{Cc}\p{Cs}]{1,16384}$/u);

const TIME_PATTERN = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
/** RFC 3339. */
export const TIME: Kind<string> = only(
  'a time such as 2026-01-01T00:00:00Z',
  (value): value is string =>
    typeof value === 'string' && TIME_PATTERN.test(value) && !Number.isNaN(Date.parse(value)),
);

/** Where no server can be: this network, the metadata service's, multicast and beyond. */
const NO_SERVERS = new BlockList();
NO_SERVERS.addSubnet('0.0.0.0', 8);
NO_SERVERS.addSubnet('169.254.0.0', 16);
NO_SERVERS.addSubnet('224.0.0.0', 3);

/** The IPv4 address of a server. */
export const SERVER_ADDRESS: Kind<string> = only(
  "a server's IPv4 address",
  (value): value is string => typeof value === 'string' && isIPv4(value) && !NO_SERVERS.check(value),
);

/** An address or a network of either family. */
export const NETWORK: Kind<string> = only(
  'an IP address, or a network such as 10.0.0.0/8',
  (value): value is string => {
    if (typeof value !== 'string' || value.includes('%')) return false;
    const [address = '', bits = '0', ...rest] = value.split('/');
    const mostBits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
    return rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= mostBits;
  },
);

/** One port, or a range of them. */
export const PORTS: Kind<string> = only('a port, or a range such as 8000-9999', (value): value is string => {
  if (typeof value !== 'string') return false;
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(value) ?? [];
  return first !== undefined && Number(first) <= Number(last) && Number(last) <= 65_535;
});
