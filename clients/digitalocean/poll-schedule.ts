import type { Clock } from '../clock.ts';

/** How long it is from the start of one list to the start of the next, in milliseconds. */
export interface PollIntervals {
  /** While anything is in motion. */
  movingMs: number;
  /** From the moment that motion begins: a droplet takes about 32 s to boot, so a list at once is wasted. */
  firstPollMs: number;
  /** While nothing is. */
  idleMs: number;
}

const INTERVALS: PollIntervals = { movingMs: 5_000, firstPollMs: 25_000, idleMs: 60_000 };

/** Says when the next list is due. */
export interface PollSchedule {
  /** Polls at once, and whenever it is due until the signal aborts. */
  start(signal: AbortSignal): void;
  /** A list begins, whoever asked for it. */
  began(): void;
  /** The list is over. */
  ended(ok: boolean): void;
  setMoving(key: string, moving: boolean): void;
  /** The next list is due after `movingMs` at the latest. */
  wake(): void;
}

/** What a schedule needs. */
export interface PollScheduleOptions {
  clock: Clock;
  random: () => number;
  intervals?: PollIntervals;
  poll: () => void;
}

/**
 * When the next list is due:
 *
 *   the last one failed            after a pause that doubles from movingMs to idleMs
 *   nothing moves                  idleMs after the last one began
 *   motion began after the last    firstLookMs after the motion began, or the line above if that is earlier
 *   something moves                movingMs after the last one began
 *   woken after the last began     movingMs after that, or the above if that is earlier
 */
export function createPollSchedule(options: PollScheduleOptions): PollSchedule {
  const { clock, random, poll, intervals = INTERVALS } = options;
  const { movingMs, firstPollMs, idleMs } = intervals;
  const moving = new Set<string>();
  let motionBeganAt = -Infinity;
  let wokenAt = Infinity;
  let lastBeganAt = -Infinity;
  let failures = 0;
  let retryAt = 0;
  let isListing = false;
  let isStarted = false;
  let cancelTimer: (() => void) | undefined;

  function dueAt(): number {
    if (failures > 0) return retryAt;
    return Math.min(lastBeganAt + idleMs, nextPollAt(), wokenAt + movingMs);
  }

  function nextPollAt(): number {
    if (moving.size === 0) return Infinity;
    return lastBeganAt > motionBeganAt ? lastBeganAt + movingMs : motionBeganAt + firstPollMs;
  }

  function arm(): void {
    cancelTimer?.();
    cancelTimer = undefined;
    if (!isStarted || isListing) return;
    cancelTimer = clock.after(Math.max(0, dueAt() - clock.monotonic()), poll);
  }

  return {
    start(signal) {
      isStarted = !signal.aborted;
      const stop = (): void => {
        isStarted = false;
        arm();
      };
      signal.addEventListener('abort', stop, { once: true });
      arm();
    },
    began() {
      isListing = true;
      lastBeganAt = clock.monotonic();
      wokenAt = Infinity;
      arm();
    },
    ended(ok) {
      isListing = false;
      failures = ok ? 0 : failures + 1;
      const pause = Math.min(idleMs, movingMs * 2 ** (failures - 1));
      // At least half of the pause, so that clients that failed together come back one by one.
      retryAt = clock.monotonic() + (pause * (1 + random())) / 2;
      arm();
    },
    setMoving(key, isMoving) {
      if (isMoving === moving.has(key)) return;
      if (isMoving && moving.size === 0) motionBeganAt = clock.monotonic();
      if (isMoving) moving.add(key);
      else moving.delete(key);
      arm();
    },
    wake() {
      wokenAt = Math.min(wokenAt, clock.monotonic());
      arm();
    },
  };
}
