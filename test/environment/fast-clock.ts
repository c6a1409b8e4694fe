import { systemClock, type Clock } from '../../clients/clock.ts';

/** A clock that goes so many times as fast as the machine's. */
export interface FastClock extends Clock {
  /** Goes so many times as fast from now on, for those who wait already too. */
  setSpeed(factor: number): void;
}

/** @param aheadMs how far its wall time is ahead of the machine's when it is made. */
export function createFastClock(factor: number, aheadMs: number): FastClock {
  const wall = systemClock.now() + aheadMs;
  let pace = { factor, began: systemClock.monotonic(), passed: 0 };
  const passed = (): number => pace.passed + (systemClock.monotonic() - pace.began) * pace.factor;
  const waiting = new Set<{ at: number; callback: () => void; cancel: () => void }>();
  const begin = (wait: { at: number; callback: () => void }): (() => void) =>
    systemClock.after(Math.max(0, wait.at - passed()) / pace.factor, wait.callback);
  return {
    now: () => wall + passed(),
    monotonic: passed,
    after(ms, callback) {
      const fire = (): void => {
        waiting.delete(wait);
        callback();
      };
      const wait = { at: passed() + ms, callback: fire, cancel: (): void => undefined };
      wait.cancel = begin(wait);
      waiting.add(wait);
      return () => {
        wait.cancel();
        waiting.delete(wait);
      };
    },
    setSpeed(faster) {
      pace = { factor: faster, began: systemClock.monotonic(), passed: passed() };
      for (const wait of waiting) {
        wait.cancel();
        wait.cancel = begin(wait);
      }
    },
  };
}
