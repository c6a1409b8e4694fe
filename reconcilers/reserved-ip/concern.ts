import type { ContextOf } from '../context.ts';

/** The waits of what looks after reserved IPs, in milliseconds. */
export interface ReservedIPTimings {
  /** How soon to look again at what is on its way. */
  readonly pollMs: number;
  /** How long an address whose request may be lost is looked for before another is asked for. */
  readonly graceMs: number;
  /** How often an address is looked at that leads where it should. */
  readonly lookMs: number;
  /** How soon to try again what failed, or what a person must mend. */
  readonly retryMs: number;
}

const timings: ReservedIPTimings = { pollMs: 3_000, graceMs: 120_000, lookMs: 600_000, retryMs: 30_000 };

/** What this concern waits for and counts. */
export const RESERVED_IP = { timings, metrics: {} };

/** What these reconcilers may use of the world. */
export type Context = ContextOf<typeof RESERVED_IP>;
