import { createHash } from 'node:crypto';
import { toKubernetesTime } from '../../crds/conditions.ts';
import { contentOfEffect, describeEffects, type Effect } from './effect.ts';

/** How long a confirmation that is offered may be given, in ms. */
export const OFFER_MS = 24 * 3_600_000;

/**
 * What a person must say to let exactly these effects through, until that time: such as
 * `destroy 1 droplet of shop: shop-web2 until 2026-11-29T08:00:00Z (3f9a61c2d0)`. The words are for people, and the
 * hash stands for every object, server and size by its id: when any of them is another, the confirmation is another.
 *
 * @param until wall time, ms.
 */
export function confirmationOf(effects: readonly Effect[], until: number): string {
  const time = toKubernetesTime(new Date(until));
  return `${describeEffects(effects)} until ${time} (${hashOf(effects, time)})`;
}

/** Whether the text is a confirmation of exactly these effects that still holds at `now` (wall time, ms). */
export function confirms(text: string | undefined, effects: readonly Effect[], now: number): boolean {
  const { time, hash } = /until (?<time>\S+) \((?<hash>[0-9a-f]+)\)$/.exec(text?.trim() ?? '')?.groups ?? {};
  if (time === undefined || hash !== hashOf(effects, time)) return false;
  return Date.parse(time) > now;
}

/** What tells a confirmation from every other; undefined when the text is none. */
export const hashIn = (text: string): string | undefined => /\(([0-9a-f]+)\)$/.exec(text.trim())?.[1];

/** Whether the text is a confirmation whose time is over: it allows nothing any more. */
export function isExpired(text: string, now: number): boolean {
  const time = /until (\S+) \([0-9a-f]+\)$/.exec(text.trim())?.[1];
  return time === undefined || !(Date.parse(time) > now);
}

const hashOf = (effects: readonly Effect[], time: string): string =>
  createHash('sha256')
    .update(effects.map(contentOfEffect).toSorted().join('\n'))
    .update(time)
    .digest('hex')
    .slice(0, 10);
