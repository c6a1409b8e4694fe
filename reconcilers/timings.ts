import { DRAIN_MS } from './draining/protocol.ts';

/** Every wait of the reconcilers, in milliseconds. */
export interface Timings {
  /**
   * How long a droplet that was asked for may stay out of every list before it counts as never made. Lists lag
   * creates by seconds (api-v2#202); this must also outlast the longest call that a former leader may still
   * have under way.
   */
  readonly launchGraceMs: number;
  /** How soon to look again while the cloud works on something. */
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
  /** How long projects.csv must have stayed as it is before what it adds to an unfinished last line is believed. */
  readonly csvSettleMs: number;
  /**
   * How long it must have stayed so before a row's absence, or a smaller number in it, is believed: uploads and network
   * mounts write a file bit by bit, and whoever types 15 in place of 12 has 1 in it for a moment.
   */
  readonly csvLossSettleMs: number;
  /**
   * How long the cloud must have said that a known server is not there before that is believed: it may say so of all
   * servers for a minute.
   */
  readonly absenceMs: number;
  /** How long a deletion is waited with for what comes with it: kubectl deletes one object after the other. */
  readonly gateSettleMs: number;
  /** How old an unowned resource must be before it is reported. */
  readonly leftoverAgeMs: number;
}

export const DEFAULT_TIMINGS: Timings = {
  launchGraceMs: 60_000,
  pollMs: 5_000,
  shutdownMs: 60_000,
  drainMs: DRAIN_MS,
  refusedMs: 300_000,
  slowestRefusedMs: 3_600_000,
  retryMs: 2_000,
  slowestRetryMs: 60_000,
  csvSettleMs: 1_000,
  csvLossSettleMs: 10_000,
  absenceMs: 75_000,
  gateSettleMs: 2_000,
  leftoverAgeMs: 600_000,
};

/** The waits of what works on hosts, in milliseconds. */
export interface HostTimings {
  /** How soon to try again when a host could not be reached or is not done yet; doubled up to `slowestRetryMs`. */
  readonly retryMs: number;
  readonly slowestRetryMs: number;
  /** How often a host is looked at without a reason: its drift is repaired within that time. */
  readonly resyncMs: number;
  /** How long one look waits for the end of the first boot. */
  readonly firstBootWaitMs: number;
}

export const DEFAULT_HOST_TIMINGS: HostTimings = {
  retryMs: 2_000,
  slowestRetryMs: 60_000,
  resyncMs: 300_000,
  firstBootWaitMs: 20_000,
};

/** The waits of what works on firewalls, in milliseconds. */
export interface FirewallTimings {
  /**
   * How often the firewalls are listed, and the operator's own address is found out again: what somebody changed by
   * hand is repaired within that time.
   */
  readonly resyncMs: number;
  /** How old a list may be when something else is a reason to look; less than `resyncMs`, so that each resync lists. */
  readonly maxAgeMs: number;
  /** How soon to look again at what should be over by then. */
  readonly pollMs: number;
  /** How soon to try again when the operator's own address could not be found out. */
  readonly addressRetryMs: number;
  /** How soon to ask again after the cloud refused a request as impossible (422). */
  readonly refusedMs: number;
}

export const DEFAULT_FIREWALL_TIMINGS: FirewallTimings = {
  resyncMs: 600_000,
  maxAgeMs: 300_000,
  pollMs: 5_000,
  addressRetryMs: 30_000,
  refusedMs: 300_000,
};
