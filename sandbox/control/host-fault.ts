import { isObject } from '../api/input.ts';
import type { HostFault, HostPeer } from '../hosts/driver.ts';

/** Everything that can go wrong with a machine, with the settings of it. */
export const HOST_FAULTS: { readonly [T in HostFault['type']]: string } = {
  crash: 'it is off, and the API does not know',
  freeze: 'it does nothing, but its network answers',
  cut: 'nothing passes between it and `peer`: a droplet, or operator; without, it and anybody',
  loss: '`percent` of the packets that come in are lost',
  delay: 'what comes in takes `ms` longer',
  'disk-full': 'its file system has no room left',
  'clock-skew': 'its clock is wrong by `ms`, which may be negative',
};

type Reader = (given: Record<string, unknown>) => HostFault;

/** How each fault reads its settings. A missing one does not compile. */
const READERS: { readonly [T in HostFault['type']]: Reader } = {
  crash: () => ({ type: 'crash' }),
  freeze: () => ({ type: 'freeze' }),
  cut: ({ peer }) => (peer === undefined ? { type: 'cut' } : { type: 'cut', peer: readPeer(peer) }),
  loss: ({ percent }) => ({ type: 'loss', percent: readNumber('percent', percent, 0, 100) }),
  delay: ({ ms }) => ({ type: 'delay', ms: readNumber('ms', ms, 0, 60_000) }),
  'disk-full': () => ({ type: 'disk-full' }),
  'clock-skew': ({ ms }) => ({ type: 'clock-skew', ms: readNumber('ms', ms, -LONGEST_SKEW, LONGEST_SKEW) }),
};

/** A year, in milliseconds. */
const LONGEST_SKEW = 365 * 86_400_000;

/** Reads a fault from outside, such as `{"type": "loss", "percent": 20}`. Throws RangeError for what is none. */
export function readHostFault(given: unknown): HostFault {
  const { type: name, ...settings } = isObject(given) ? given : {};
  const type = readHostFaultType(name);
  const fault = READERS[type](settings);
  const other = Object.keys(settings).find(key => !Object.hasOwn(fault, key));
  if (other !== undefined) throw new RangeError(`The fault ${type} takes no ${other}.`);
  return fault;
}

/** Throws RangeError for what is no type of fault. */
export function readHostFaultType(type: unknown): HostFault['type'] {
  if (typeof type === 'string' && Object.hasOwn(READERS, type)) return type as HostFault['type'];
  const what =
    type === undefined ? 'The fault has no type' : `There is no fault ${JSON.stringify(type)} of a machine`;
  throw new RangeError(`${what}. There are: ${Object.keys(READERS).join(', ')}.`);
}

function readPeer(peer: unknown): HostPeer {
  if (peer === 'operator' || (Number.isInteger(peer) && (peer as number) > 0)) return peer as HostPeer;
  throw new RangeError(`peer must be the id of a droplet, or "operator", and not ${JSON.stringify(peer)}.`);
}

function readNumber(name: string, value: unknown, least: number, most: number): number {
  if (typeof value === 'number' && value >= least && value <= most) return value;
  const instead = value === undefined ? 'is missing' : `cannot be ${JSON.stringify(value)}`;
  throw new RangeError(`${name} ${instead}: it is a number from ${least} to ${most}.`);
}
