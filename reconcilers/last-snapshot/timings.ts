/** The waits of last snapshots, in milliseconds. */
export const LAST_SNAPSHOT = {
  /** How soon to look again at a server that is stopped, or a snapshot that is taken. */
  pollMs: 10_000,
  /** How long a guest has to shut down by itself before it is powered off. */
  shutdownMs: 60_000,
  /** How long a snapshot whose request may be lost is looked for. */
  graceMs: 5 * 60_000,
  /** How soon to try again after a failure; each further one doubles it. */
  retryMs: 60_000,
  slowestRetryMs: 60 * 60_000,
} as const;
