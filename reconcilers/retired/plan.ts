import { isConditionTrue } from '../../crds/conditions.ts';
import { retiredAtOf, retiredUidOf } from '../../crds/cloud-tags.ts';
import type { Droplet } from '../../crds/droplet.ts';

/** For how long a server that another has taken the place of is kept, ms: what it died of may be seen on its disk. */
export const KEPT_MS = 24 * 3_600_000;

/** A server that carries the fleet's tag, as far as its retirement is concerned. */
export interface FormerServer {
  id: number;
  status: 'new' | 'active' | 'off' | 'archive';
  tags: readonly string[];
}

export type RetiredPlan =
  | { type: 'destroy' }
  /** To be looked at again after so many ms; undefined when only a change matters. */
  | { type: 'keep'; afterMs?: number };

/** So many are named in one sentence. */
const MOST_NAMED = 3;
/** How soon to look again at what may be otherwise by then, ms. */
const AGAIN_MS = 300_000;

/**
 * What becomes of a server that another has taken the place of:
 *
 *     the server              | its Droplet                 | then
 *     ------------------------+-----------------------------+-----------------------------------------
 *     is not marked with when | any                         | kept: nobody knows since when
 *     any                     | is not there, or is to go   | kept: an orphan, for `cleanup`
 *     is, less than 24 h ago  | any                         | kept until then
 *     is not off              | any                         | kept: somebody turned it on
 *     any                     | calls it its own            | kept
 *     any                     | has none that is Ready      | kept
 *     anything else           |                             | destroyed
 *
 * @param droplet the object whose uid it is marked with.
 * @param now wall time, ms: it is compared with what was written down as such.
 */
export function planRetired(
  { id, status, tags }: FormerServer,
  droplet: Droplet | undefined,
  now: number,
): RetiredPlan {
  const until = keptUntil(tags);
  if (until === undefined || droplet === undefined || droplet.metadata.deletionTimestamp !== undefined)
    return { type: 'keep' };
  if (now < until) return { type: 'keep', afterMs: until - now };
  const current = droplet.status?.server?.id;
  const isSucceeded =
    current !== undefined && current !== id && isConditionTrue(droplet.status?.conditions, 'Ready');
  return status === 'off' && isSucceeded ? { type: 'destroy' } : { type: 'keep', afterMs: AGAIN_MS };
}

/** Until when a server with these tags is kept, in ms since 1970; undefined when none has taken its place. */
export function keptUntil(tags: readonly string[]): number | undefined {
  const at = retiredUidOf(tags) === undefined ? undefined : retiredAtOf(tags);
  return at === undefined ? undefined : at + KEPT_MS;
}

/** A server that is kept though another has taken its place, for those who pay for it. */
export interface KeptServer {
  id: number;
  /** Of the Droplet whose server it was. */
  name: string;
  size: string;
  /** RFC 3339. */
  keptUntil: string;
}

/** Those among the fleet's servers. */
export const keptServers = (
  servers: readonly { id: number; name: string; size: string; tags: readonly string[] }[],
): KeptServer[] =>
  servers.flatMap(({ id, name, size, tags }) => {
    const until = keptUntil(tags);
    return until === undefined
      ? []
      : [{ id, name, size, keptUntil: new Date(until).toISOString().replace('.000', '') }];
  });

/** How a person makes room in an account that is full. What is kept is off, paid for, and counts as any other. */
export function howToMakeRoom(kept: readonly KeptServer[]): string {
  if (kept.length === 0) return 'ask DigitalOcean to raise the limit, or delete droplets';
  const named = kept
    .slice(0, MOST_NAMED)
    .map(({ id, name, keptUntil: until }) => `${id} (the former ${name}, kept until ${until})`);
  const more = kept.length > MOST_NAMED ? ` and ${kept.length - MOST_NAMED} more` : '';
  return `these count too, though they are off: ${named.join(', ')}${more}. Destroy one at DigitalOcean if nothing on its disk is needed, or ask DigitalOcean to raise the limit`;
}
