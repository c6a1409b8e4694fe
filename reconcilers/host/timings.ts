/** The waits of what works on hosts, in milliseconds. */
export interface HostTimings {
  /** How soon to try again when a host could not be reached or is not done yet; doubled up to `slowestRetryMs`. */
  readonly retryMs: number;
  readonly slowestRetryMs: number;
  /** How often a host is probed without a reason: its drift is repaired within that time. */
  readonly resyncMs: number;
  /** How long one probe waits for the end of the first boot. */
  readonly firstBootWaitMs: number;
}
