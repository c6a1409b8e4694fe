import type { Clock } from '../clients/clock.ts';

/**
 * How long this process has seen things be as they are, by its own monotonic clock: never by a time that another
 * machine wrote, nor by what was so before this process began. What has not been seen for long is not believed.
 */
export interface Since {
  /** Milliseconds since `fact` was first observed of that key without another in between; 0 the first time. */
  ageMs(key: string, fact: string): number;
  /** Whether `fact` was observed of that key, and no other since. */
  knows(key: string, fact: string): boolean;
  /** Nothing is the matter with that key any more. */
  forget(key: string): void;
}

/** A memory with nothing in it. A key has one fact at a time: use a key of its own for each kind of fact. */
export function createSince(clock: Pick<Clock, 'monotonic'>): Since {
  const seen = new Map<string, { fact: string; at: number }>();
  return {
    ageMs(key, fact) {
      const now = clock.monotonic();
      const before = seen.get(key);
      if (before?.fact === fact) return now - before.at;
      seen.set(key, { fact, at: now });
      return 0;
    },
    knows: (key, fact) => seen.get(key)?.fact === fact,
    forget: key => void seen.delete(key),
  };
}
