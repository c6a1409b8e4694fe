import { letsIn } from './authorized-keys.ts';

/** The public halves of the fleet's keys while one follows another. */
export interface PublicKeys {
  current: string;
  /** Made, but not yet the fleet's. */
  next?: string | undefined;
  /** The fleet's before; hosts may still let it in. */
  previous?: string | undefined;
}

/** A host as the current key sees it: its authorized_keys, or why they cannot be had. */
export type HostLogins = { name: string; authorizedKeys: string } | { name: string; problem: string };

export type RotationStep =
  /** Make the next key, and keep it before anybody else hears of it. */
  | { type: 'make' }
  /** Let the next key in, beside the current one. */
  | { type: 'authorize'; host: string }
  /** Log in with the next key. */
  | { type: 'prove'; host: string }
  /** Give the next key to the cloud, for new servers. */
  | { type: 'upload' }
  /** From now on the next key is the fleet's. */
  | { type: 'promote' }
  /** Let the previous key in no more. */
  | { type: 'revoke'; host: string }
  /** Delete the previous key here and at the cloud. */
  | { type: 'forget' };

/**
 * What is to be done next, each step safe to repeat and to be cut off after. At every moment each host lets the
 * current key in:
 *
 *   keys kept            hosts                        steps
 *   current              -                            make
 *   current, next        some lack next               authorize these
 *   current, next        one cannot be asked          authorize the others, then wait: no promote
 *   current, next        all have next                prove all, upload, promote
 *   current, previous    some still let previous in   revoke on these
 *   current, previous    one cannot be asked          revoke on the others, then wait: no forget
 *   current, previous    none lets previous in        forget
 */
export function planRotation(keys: PublicKeys, hosts: readonly HostLogins[]): RotationStep[] {
  const { next, previous } = keys;
  if (previous !== undefined) return planSecondHalf(keys.current, previous, hosts);
  if (next === undefined) return [{ type: 'make' }];
  const asked = hosts.filter(host => 'authorizedKeys' in host);
  const lacking = asked.filter(({ authorizedKeys }) => !letsIn(authorizedKeys, next));
  const authorize = lacking.map(({ name }) => ({ type: 'authorize' as const, host: name }));
  if (asked.length < hosts.length) return authorize;
  const prove = hosts.map(({ name }) => ({ type: 'prove' as const, host: name }));
  return [...authorize, ...prove, { type: 'upload' }, { type: 'promote' }];
}

function planSecondHalf(current: string, previous: string, hosts: readonly HostLogins[]): RotationStep[] {
  const asked = hosts.filter(host => 'authorizedKeys' in host);
  // Whoever removed the current key by hand keeps the other: it may be the only way in.
  const revocable = asked.filter(
    ({ authorizedKeys }) => letsIn(authorizedKeys, previous) && letsIn(authorizedKeys, current),
  );
  const revoke = revocable.map(({ name }) => ({ type: 'revoke' as const, host: name }));
  return asked.length < hosts.length ? revoke : [...revoke, { type: 'forget' }];
}
