import { RecentMap } from './recent-map.ts';

/** What there is to say about an object. */
export interface Observation {
  /** Identifies the object that it is about. */
  subject: string;
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

/** What to do about an observation: write a new Event, or count an Event that was written before up. */
export type Correlated =
  { do: 'create'; message: string; id: string } | { do: 'count'; message: string; id: string; count: number };

/** How alike observations are treated: client-go, tools/record/events_cache.go. */
const SIMILAR_AT_MOST = 10;
const SIMILAR_WITHIN_MS = 600_000;
const BURST = 25;
const REFILL_MS = 300_000;
/** How many objects and Events are remembered; what was not heard of for longest is forgotten first. */
export const REMEMBERED = 4096;

interface Group {
  lastAt: number;
  /** At most one more than are told apart; from then on all are combined. */
  messages: Set<string>;
}

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Keeps Events few. The same observation again counts its Event up; more than 10 messages that differ only in
 * their text within 600 s become one Event; and an object that keeps failing gets 25 at once, then one in 300 s.
 */
export class EventCorrelator {
  readonly #groups = new RecentMap<Group>(REMEMBERED);
  readonly #buckets = new RecentMap<Bucket>(REMEMBERED);
  readonly #counts = new RecentMap<number>(REMEMBERED);

  /** Undefined when there is nothing to write. `now` is monotonic, in ms. */
  correlate(observation: Observation, now: number): Correlated | undefined {
    const { id, message } = this.#aggregate(observation, now);
    if (!this.#hasToken(observation.subject, now)) return undefined;
    const count = (this.#counts.get(id) ?? 0) + 1;
    this.#counts.set(id, count);
    return count === 1 ? { do: 'create', id, message } : { do: 'count', id, message, count };
  }

  /** The Event of that id was never written, or is gone: the next observation recreates it. */
  forget(id: string): void {
    this.#counts.delete(id);
  }

  #aggregate({ subject, type, reason, message }: Observation, now: number): { id: string; message: string } {
    const key = JSON.stringify([subject, type, reason]);
    const known = this.#groups.get(key);
    const isCurrent = known !== undefined && now - known.lastAt <= SIMILAR_WITHIN_MS;
    const messages = isCurrent ? known.messages : new Set<string>();
    if (messages.size <= SIMILAR_AT_MOST) messages.add(message);
    this.#groups.set(key, { lastAt: now, messages });
    return messages.size <= SIMILAR_AT_MOST
      ? { id: JSON.stringify([key, message]), message }
      : { id: key, message: `(combined from similar events): ${message}` };
  }

  #hasToken(subject: string, now: number): boolean {
    const { tokens, at } = this.#buckets.get(subject) ?? { tokens: BURST, at: now };
    const refilled = Math.min(BURST, tokens + (now - at) / REFILL_MS);
    this.#buckets.set(subject, { tokens: refilled < 1 ? refilled : refilled - 1, at: now });
    return refilled >= 1;
  }
}
