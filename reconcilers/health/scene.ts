// One project as the judge sees it: all that is asked before something is done about a dead server, as data.
import type { DropletStatus } from '../../crds/droplet.ts';
import type { Member, Watch } from './topology.ts';
import type { Course } from './verdict.ts';

export type Recovery = NonNullable<DropletStatus['recovery']>;
export type PastRecovery = NonNullable<DropletStatus['recoveries']>[number];
/** Project.spec.recovery for one role. */
export type RecoveryMode = 'auto' | 'manual' | 'off';

/** A server of the project, and what speaks for and against it. Ages are ms by the judge's monotonic clock. */
export interface WatchedServer extends Member {
  /** DigitalOcean's id; undefined while it has no server. */
  readonly serverID: number | undefined;
  readonly watch: Watch;
  readonly course: Course | undefined;
  /** Why it may be silent although nothing is wrong with it, such as `it is being resized`. */
  readonly occupied: string | undefined;
  /** Who had an answer of it a moment ago, though its observers have none. */
  readonly voucher: string | undefined;
  /** How long ago it was asked for, by the wall clock; undefined where nobody knows. */
  readonly bornMs: number | undefined;
  /** The server that a person wants replaced. */
  readonly approvedID: number | undefined;
  /** They want it from the image of the spec, though there is a snapshot. */
  readonly isCleanWanted: boolean;
  readonly recovery: Recovery | undefined;
  readonly recoveries: readonly PastRecovery[];
  /** For how long this process has known of the recovery. */
  readonly recoveryMs: number;
  /** For how long it has been running again, after its power was cut by the recovery; undefined while it is not. */
  readonly backMs: number | undefined;
  /** For how long it has been as it should be, and no vote counted; undefined when it is not. */
  readonly wellMs: number | undefined;
  readonly snapshot: DropletStatus['snapshot'];
}

/** One project, at one moment. */
export interface Scene {
  /** The judge's monotonic clock, ms. */
  readonly now: number;
  /** The wall clock, ms since the epoch: what was done before, by whichever judge, is counted by it. */
  readonly wall: number;
  readonly isSuspended: boolean;
  /** For how long a deploy of the project has been under way; undefined when none is. */
  readonly deployingMs: number | undefined;
  readonly modes: Readonly<Record<Member['role'], RecoveryMode>>;
  readonly servers: readonly WatchedServer[];
  /** For how long it has been no storm; Infinity when there was none that this process saw. */
  readonly calmMs: number;
  /** All projects together. */
  readonly fleet: FleetSight;
}

/** How the fleet as a whole is. */
export interface FleetSight {
  /** How many servers are watched. */
  readonly servers: number;
  /** How many of them were suspected within the last 120 s, and of how many projects they are. */
  readonly suspects: number;
  readonly projects: number;
}

/** How many servers of a project may be unhealthy at once: more are a storm, which is no server's fault. */
export const stormLimit = (servers: number): number => Math.max(1, Math.floor(0.4 * servers));

/** Dead or about to be, or being recovered: what comes back is not well before it is. */
export const isUnhealthy = ({ course, recovery }: WatchedServer): boolean =>
  course?.quorumSince !== undefined || recovery !== undefined;

/** Whether more of the project's servers are unhealthy than one cause of their own explains. */
export const isStorm = (servers: readonly WatchedServer[]): boolean =>
  servers.filter(isUnhealthy).length > stormLimit(servers.length);

/** Whether a person has named the server that is there now. */
export const isApproved = ({ approvedID, serverID }: WatchedServer): boolean =>
  approvedID !== undefined && approvedID === serverID;
