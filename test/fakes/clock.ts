import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../clients/clock.ts';

/** A clock that stands still until it is told to go on. */
export interface FakeClock extends Clock {
  /**
   * Lets `ms` milliseconds pass: calls what falls due, in order of time, and lets promises settle before and
   * after each call, so that a timer set by one callback is seen by the same advance.
   */
  advance(ms: number): Promise<void>;
  /** How many callbacks wait. */
  pending(): number;
  /** Milliseconds until the next callback; undefined when none waits. */
  untilNext(): number | undefined;
}

interface Timer {
  due: number;
  callback: () => void;
}

/** Starts at `start` (milliseconds since the epoch); its monotonic time starts at 0. */
export function fakeClock(start = Date.parse('2026-01-01T00:00:00Z')): FakeClock {
  let elapsed = 0;
  const timers = new Set<Timer>();
  const nextDue = (until: number): Timer | undefined =>
    [...timers].filter(timer => timer.due <= until).sort((a, b) => a.due - b.due)[0];
  return {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    after(ms, callback) {
      const timer = { due: elapsed + ms, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    pending: () => timers.size,
    untilNext: () => {
      const next = nextDue(Infinity);
      return next && next.due - elapsed;
    },
    async advance(ms) {
      const until = elapsed + ms;
      await nextTurn();
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        timers.delete(timer);
        elapsed = Math.max(elapsed, timer.due);
        timer.callback();
        await nextTurn();
      }
      elapsed = until;
    },
  };
}
