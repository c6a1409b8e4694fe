import { createHash } from 'node:crypto';
import { toKubernetesTime } from '../../crds/conditions.ts';
import { contentOfEffect, describeEffects, WITHOUT_SNAPSHOT, type Effect } from './effect.ts';

/** How long a confirmation that is offered may be given, in ms. */
export const OFFER_MS = 24 * 3_600_000;

/**
 * What a person must say to let exactly these effects through, until that time: such as
 * `destroy 1 droplet of shop: shop-web2 until 2026-11-29T08:00:00Z (3f9a61c2d0)`. The words are for people, and the
 * hash stands for every object, server and size by its id: when any of them is another, the confirmation is another.
 *
 * @param until wall time, ms.
 * @param withoutSnapshot no last snapshot need be taken of those servers among them that hold data.
 */
export function confirmationOf(effects: readonly Effect[], until: number, withoutSnapshot = false): string {
  const time = toKubernetesTime(new Date(until));
  const without = withoutSnapshot ? ` ${WITHOUT_SNAPSHOT}` : '';
  return `${describeEffects(effects)}${without} until ${time} (${hashOf(effects, time, withoutSnapshot)})`;
}

/** Whether the text is a confirmation of exactly these effects that still holds at `now` (wall time, ms). */
export function confirms(text: string | undefined, effects: readonly Effect[], now: number): boolean {
  const { time, hash } = /until (?<time>\S+) \((?<hash>[0-9a-f]+)\)$/.exec(text?.trim() ?? '')?.groups ?? {};
  if (time === undefined || hash !== hashOf(effects, time, saysWithoutSnapshot(text!))) return false;
  return Date.parse(time) > now;
}

/** Whether a confirmation also allows that no last snapshot is taken: in its words, which its hash stands for too. */
export const saysWithoutSnapshot = (text: string): boolean =>
  new RegExp(`${WITHOUT_SNAPSHOT} until \\S+ \\([0-9a-f]+\\)$`).test(text.trim());

/** What tells a confirmation from every other; undefined when the text is none. */
export const hashIn = (text: string): string | undefined => /\(([0-9a-f]+)\)$/.exec(text.trim())?.[1];

/** Whether the text is a confirmation whose time is over: it allows nothing any more. */
export function isExpired(text: string, now: number): boolean {
  const time = /until (\S+) \([0-9a-f]+\)$/.exec(text.trim())?.[1];
  return time === undefined || !(Date.parse(time) > now);
}

const hashOf = (effects: readonly Effect[], time: string, withoutSnapshot: boolean): string =>
  createHash('sha256')
    .update(effects.map(contentOfEffect).toSorted().join('\n'))
    .update(withoutSnapshot ? `${time} ${WITHOUT_SNAPSHOT}` : time)
    .digest('hex')
    .slice(0, 10);
