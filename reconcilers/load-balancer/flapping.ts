import type { Clock } from '../../clients/clock.ts';

/** Falls that are older than this, in ms, are forgiven. */
const MEMORY_MS = 600_000;
/** How long a droplet that fell a second time must be healthy before it gets requests, in ms; doubled with each fall. */
const FIRST_HOLD_MS = 10_000;
const LONGEST_HOLD_MS = 300_000;

/** Keeps droplets whose health goes to and fro from causing a reload each time. */
export interface FlapDamper {
  /**
   * Takes note of how a droplet is; answers for how many ms it must still be kept out though it is healthy. The first
   * fall costs nothing: out at once, and back at once.
   */
  dampedMs(droplet: string, isHealthy: boolean): number;
}

interface Course {
  isHealthy: boolean;
  /** When it became healthy, and when it fell. */
  healthySince: number;
  falls: number[];
}

/** Every droplet was healthy until now. */
export function createFlapDamper(clock: Pick<Clock, 'monotonic'>): FlapDamper {
  const courses = new Map<string, Course>();
  return {
    dampedMs(droplet, isHealthy) {
      const now = clock.monotonic();
      const before = courses.get(droplet) ?? { isHealthy: true, healthySince: -Infinity, falls: [] };
      const falls = before.falls.filter(fall => fall > now - MEMORY_MS);
      if (before.isHealthy && !isHealthy) falls.push(now);
      const healthySince = before.isHealthy ? before.healthySince : now;
      if (isHealthy && falls.length === 0) courses.delete(droplet);
      else courses.set(droplet, { isHealthy, healthySince, falls });
      return isHealthy ? Math.max(0, healthySince + holdAfter(falls.length) - now) : 0;
    },
  };
}

const holdAfter = (falls: number): number =>
  falls < 2 ? 0 : Math.min(FIRST_HOLD_MS * 2 ** (falls - 2), LONGEST_HOLD_MS);
