import type { HostTimings } from './timings.ts';

const timings: HostTimings = {
  retryMs: 2_000,
  slowestRetryMs: 60_000,
  resyncMs: 300_000,
  firstBootWaitMs: 20_000,
};

/** What this concern waits for and counts. */
export const HOST = { timings, metrics: {} };
