import type { Logger } from './log.ts';

/** Reads how long to wait from what somebody else wrote, in milliseconds; undefined when it cannot be understood. */
export interface RequestedWaits {
  /** Of so many seconds, in digits: `Retry-After`. */
  read(seconds: unknown): number | undefined;
  /** Until so many seconds since the epoch; `now` in milliseconds since then. */
  until(seconds: unknown, now: number): number | undefined;
}

/** No number of seconds has more digits that is meant so; more of them are a long time all the same. */
const DIGITS = /^[0-9]{1,15}$/;

/**
 * Waits of which none is longer than `mostMs`: who asks for more is mistaken, or lies, and must not stop everything.
 * The first that is shortened is logged, and the next only after one that was not.
 */
export function createRequestedWaits(
  who: string,
  mostMs: number,
  log?: Pick<Logger, 'warn'>,
): RequestedWaits {
  let isLogged = false;

  function atMost(ms: number | undefined): number | undefined {
    if (ms === undefined) return undefined;
    if (ms <= mostMs) isLogged = false;
    else if (!isLogged) {
      isLogged = true;
      log?.warn(`${who} asks for a wait of ${ms / 1000} s: it is asked again in ${mostMs / 1000} s`);
    }
    return Math.min(ms, mostMs);
  }

  return {
    read: seconds => atMost(msOf(seconds)),
    until: (seconds, now) => {
      const ms = msOf(seconds);
      return atMost(ms === undefined ? undefined : Math.max(0, ms - now));
    },
  };
}

/** Such a wait without a memory: what is longer than `mostMs` is that. */
export function requestedWaitMs(seconds: unknown, mostMs: number): number | undefined {
  const ms = msOf(seconds);
  return ms === undefined ? undefined : Math.min(ms, mostMs);
}

function msOf(seconds: unknown): number | undefined {
  if (typeof seconds === 'number') return msOf(Number.isSafeInteger(seconds) ? String(seconds) : undefined);
  return typeof seconds === 'string' && DIGITS.test(seconds) ? Number(seconds) * 1000 : undefined;
}
