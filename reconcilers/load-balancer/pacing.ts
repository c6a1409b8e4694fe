import type { Clock } from '../../clients/clock.ts';

/** Changes that come within this time share one reload, in ms; so reloads are at least as far apart. */
export const COALESCE_MS = 2_000;

/** Makes changes of a master that come together share one reload. */
export interface Pacing {
  /** How many ms the change must still wait for others; the first word of it starts the time. */
  remaining(master: string): number;
  /** The change was made, or is none any more. */
  settled(master: string): void;
}

/** No change is known of. */
export function createPacing(clock: Pick<Clock, 'monotonic'>, coalesceMs: number = COALESCE_MS): Pacing {
  const since = new Map<string, number>();
  return {
    remaining(master) {
      const began = since.get(master) ?? clock.monotonic();
      since.set(master, began);
      return Math.max(0, began + coalesceMs - clock.monotonic());
    },
    settled: master => void since.delete(master),
  };
}
