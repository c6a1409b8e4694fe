/** The waits of what works on firewalls, in milliseconds. */
export interface FirewallTimings {
  /**
   * How often the firewalls are listed, and the operator's own address is found out again: what somebody changed by
   * hand is repaired within that time.
   */
  readonly resyncMs: number;
  /** How old a list may be when something else is a reason to list; less than `resyncMs`, so that each resync lists. */
  readonly maxAgeMs: number;
  /** How soon to requeue at what should be over by then. */
  readonly pollMs: number;
  /** How soon to try again when the operator's own address could not be found out. */
  readonly addressRetryMs: number;
  /** How soon to ask again after the cloud refused a request as impossible (422). */
  readonly refusedMs: number;
}

const timings: FirewallTimings = {
  resyncMs: 600_000,
  maxAgeMs: 300_000,
  pollMs: 5_000,
  addressRetryMs: 30_000,
  refusedMs: 300_000,
};

/** What this concern waits for and counts. */
export const FIREWALL = { timings, metrics: {} };
