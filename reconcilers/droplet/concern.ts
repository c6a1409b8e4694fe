import type { ContextOf } from '../context.ts';
import { DRAIN_MS } from '../draining/protocol.ts';

/** The waits of what works on servers, in milliseconds. */
export interface DropletTimings {
  /**
   * How long a droplet that was asked for may stay out of every list before it counts as never made. Lists lag
   * creates by seconds (api-v2#202); this must also outlast the longest call that a former leader may still
   * have under way.
   */
  readonly launchGraceMs: number;
  /** How soon to requeue while the cloud works on something. */
  readonly pollMs: number;
  /** How long a guest has to shut down by itself before it is powered off. */
  readonly shutdownMs: number;
  /** How long a server is left running at most for its requests to finish, before it is stopped or destroyed. */
  readonly drainMs: number;
  /** How soon to ask again after the cloud refused a request as impossible (422); doubled up to `slowestRefusedMs`. */
  readonly refusedMs: number;
  readonly slowestRefusedMs: number;
  /** How soon to ask again after the cloud failed, or could not be reached; doubled up to `slowestRetryMs`. */
  readonly retryMs: number;
  readonly slowestRetryMs: number;
  /**
   * How long the cloud must have said that a known server is not there before that is believed: it may say so of all
   * servers for a minute.
   */
  readonly absenceMs: number;
}

const timings: DropletTimings = {
  launchGraceMs: 60_000,
  pollMs: 5_000,
  shutdownMs: 60_000,
  drainMs: DRAIN_MS,
  refusedMs: 300_000,
  slowestRefusedMs: 3_600_000,
  retryMs: 2_000,
  slowestRetryMs: 60_000,
  absenceMs: 75_000,
};

/** What this concern waits for and counts. */
export const DROPLET = { timings, metrics: {} };

/** What these reconcilers may use of the world. */
export type Context = ContextOf<typeof DROPLET>;
