import { isObject } from '../input.ts';
import type { HostFault, HostPeer } from './driver.ts';

type Reader = (given: Record<string, unknown>) => HostFault;

/** Every fault of a machine, with how it reads its settings. A missing one does not compile. */
const FAULTS: { readonly [T in HostFault['type']]: Reader } = {
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
  const type = isObject(given) ? given['type'] : undefined;
  if (!isObject(given) || typeof type !== 'string' || !Object.hasOwn(FAULTS, type))
    throw new RangeError(
      `There is no fault ${JSON.stringify(type)} of a machine. There are: ${Object.keys(FAULTS).join(', ')}.`,
    );
  return FAULTS[type as HostFault['type']](given);
}

function readPeer(peer: unknown): HostPeer {
  if (peer === 'operator' || (Number.isInteger(peer) && (peer as number) > 0)) return peer as HostPeer;
  throw new RangeError(`peer must be the id of a droplet, or "operator", and not ${JSON.stringify(peer)}.`);
}

function readNumber(name: string, value: unknown, least: number, most: number): number {
  if (typeof value === 'number' && value >= least && value <= most) return value;
  throw new RangeError(
    `${name} must be a number from ${least} to ${most}, and not ${JSON.stringify(value)}.`,
  );
}
