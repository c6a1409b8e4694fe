import { systemClock, type Clock } from '../../clients/clock.ts';

/**
 * A clock that goes so many times as fast as the machine's.
 *
 * @param aheadMs how far its wall time is ahead of the machine's when it is made.
 */
export function createFastClock(factor: number, aheadMs: number): Clock {
  const wall = systemClock.now();
  const begin = systemClock.monotonic();
  const passed = (): number => (systemClock.monotonic() - begin) * factor;
  return {
    now: () => wall + aheadMs + passed(),
    monotonic: passed,
    after: (ms, callback) => systemClock.after(ms / factor, callback),
  };
}
