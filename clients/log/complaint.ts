import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';

/** Says that something goes wrong, and when that is over. */
export interface Complaint {
  of(message: string): void;
  over(message: string): void;
}

const AGAIN_MS = 60_000;

/** A complaint that is said once while it lasts, and once a minute at most however often it comes and goes. */
export function createComplaint(
  clock: Pick<Clock, 'monotonic'>,
  log: Pick<Logger, 'warn' | 'info'>,
): Complaint {
  let loggedAt = -Infinity;
  let isLogged = false;
  return {
    of(message) {
      if (isLogged || clock.monotonic() - loggedAt < AGAIN_MS) return;
      [isLogged, loggedAt] = [true, clock.monotonic()];
      log.warn(message);
    },
    over(message) {
      if (isLogged) log.info(message);
      isLogged = false;
    },
  };
}
