import type { Clock } from '../../../clients/clock.ts';

/**
 * A clock that runs `speed` times as fast as the machine's, from `start` (milliseconds since the epoch). The
 * operator and its sandbox share one, so that graces of many seconds are over in moments and still stand in
 * proportion to everything else.
 */
export function fastClock(speed: number, start = Date.parse('2026-01-01T00:00:00Z')): Clock {
  const begunAt = performance.now();
  const monotonic = (): number => (performance.now() - begunAt) * speed;
  return {
    monotonic,
    now: () => Math.floor(start + monotonic()),
    after(ms, callback) {
      const timer = setTimeout(callback, ms / speed);
      return () => clearTimeout(timer);
    },
  };
}
