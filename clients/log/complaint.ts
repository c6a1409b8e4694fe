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
  let saidAt = -Infinity;
  let isSaid = false;
  return {
    of(message) {
      if (isSaid || clock.monotonic() - saidAt < AGAIN_MS) return;
      [isSaid, saidAt] = [true, clock.monotonic()];
      log.warn(message);
    },
    over(message) {
      if (isSaid) log.info(message);
      isSaid = false;
    },
  };
}
