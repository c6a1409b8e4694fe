import type { Clock } from '../../clients/clock.ts';

/** When this process saw things renewed, by its own monotonic clock. What lay there when it began was not seen. */
export interface Renewals {
  /**
   * Takes note of how a thing is.
   *
   * @param stamp another one at each renewal.
   * @param wasThere it was found by looking, not seen to come.
   */
  saw(key: string, stamp: string, wasThere: boolean): void;
  gone(key: string): void;
  /** How long ago a renewal of that thing was seen, ms; Infinity when none was. */
  ageMs(key: string): number;
  /** The least of all ages. */
  newestMs(): number;
}

/** Nothing was seen. */
export function createRenewals(clock: Pick<Clock, 'monotonic'>): Renewals {
  const seen = new Map<string, { stamp: string; at: number }>();
  const ageOf = (at: number): number => clock.monotonic() - at;
  return {
    saw(key, stamp, wasThere) {
      const before = seen.get(key);
      const isRenewed = before === undefined ? !wasThere : before.stamp !== stamp;
      seen.set(key, { stamp, at: isRenewed ? clock.monotonic() : (before?.at ?? -Infinity) });
    },
    gone: key => void seen.delete(key),
    ageMs: key => ageOf(seen.get(key)?.at ?? -Infinity),
    newestMs: () => Math.min(Infinity, ...[...seen.values()].map(({ at }) => ageOf(at))),
  };
}
