import type { ContextOf } from '../context.ts';
import { gauge } from '../metrics.ts';

/** How long projects.csv is left alone, in milliseconds. */
export interface CsvTimings {
  /** How long projects.csv must have stayed as it is before what it adds to an unfinished last line is believed. */
  readonly settleMs: number;
  /**
   * How long it must have stayed so before a row's absence, or a smaller number in it, is believed: uploads and network
   * mounts write a file bit by bit, and whoever types 15 in place of 12 has 1 in it for a moment.
   */
  readonly lossSettleMs: number;
}

const timings: CsvTimings = { settleMs: 1_000, lossSettleMs: 10_000 };

/** What this concern waits for and counts. */
export const CSV = {
  timings,
  metrics: {
    valid: gauge({
      name: 'dropfleet_projects_csv_valid',
      help: 'Whether projects.csv can be followed: 1, or 0 while it is missing or has mistakes.',
    }),
  },
};

/** What these reconcilers may use of the world. */
export type Context = ContextOf<typeof CSV>;
