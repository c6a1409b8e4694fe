import type { ContextOf } from '../context.ts';
import { gauge } from '../metrics.ts';

/** The waits of what finds orphans, in milliseconds. */
export interface OrphanTimings {
  /** How old an unowned resource must be before it is reported. */
  readonly ageMs: number;
}

const timings: OrphanTimings = { ageMs: 600_000 };

/** What this concern waits for and counts. */
export const ORPHANS = {
  timings,
  metrics: {
    orphans: gauge({
      name: 'dropfleet_orphans',
      help: "Cloud resources that carry the fleet's tag and belong to no object; dropfleet cleanup removes them.",
    }),
  },
};

/** What these reconcilers may use of the world. */
export type Context = ContextOf<typeof ORPHANS>;
