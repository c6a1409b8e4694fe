import type { ContextOf } from '../context.ts';

/** The waits of what looks after data volumes, in milliseconds. */
export interface DataVolumeTimings {
  /** How soon to look again at what is on its way. */
  readonly pollMs: number;
  /** How often a volume is looked at that is as it should be. */
  readonly lookMs: number;
  /** How soon to try again what failed, or what a person must mend. */
  readonly retryMs: number;
}

const timings: DataVolumeTimings = { pollMs: 3_000, lookMs: 600_000, retryMs: 30_000 };

/** What this concern waits for and counts. */
export const DATA_VOLUME = { timings, metrics: {} };

/** What these reconcilers may use of the world. */
export type Context = ContextOf<typeof DATA_VOLUME>;
