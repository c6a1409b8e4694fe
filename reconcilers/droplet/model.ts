import type { Droplet, DropletStatus } from '../../crds/droplet.ts';
import type { Balancer } from '../draining/protocol.ts';
import type { KeptServer } from '../retired/plan.ts';

/** A server in the cloud, as far as a plan needs to know it. */
export interface Server {
  id: number;
  status: 'new' | 'active' | 'off' | 'archive';
  locked: boolean;
  size: string;
  disk: number;
  region: string;
  publicAddress?: string;
  privateAddress?: string;
  tags: readonly string[];
}

/** What a Droplet's status says of its server. */
export type ServerStatus = NonNullable<DropletStatus['server']>;

/** What is to be done about a server that is dead, or that a person gave up. */
export type Recovery = NonNullable<DropletStatus['recovery']>;

/** What the cloud holds for one Droplet object. */
export interface CloudView {
  /** The one whose id the status names, else that of its request, else the oldest; its tags say that it is this object's. */
  server?: Server;
  /** Others whose tags say so. */
  duplicates: readonly Server[];
  /** The server whose id the status names, when its tags do not say that it is this object's. */
  foreign?: { id: number; name: string };
  /** The server whose place another is to take, as the cloud has it now; whether the list still shows it as this object's. */
  retired?: { server: Server; isListed: boolean };
  /** How long ago the newest list of the fleet began, ms; undefined before the first. */
  listAgeMs?: number;
  /** For how long this process has known of the request that status.server.nonce names, and no list has shown what came of it, ms. */
  nonceSeenMs: number;
  /** The cloud says that there is no such droplet as the status names, but has not said so for long. */
  missing?: { id: number; believedInMs: number };
  /** It has said so for long enough. */
  notFound?: boolean;
  /** The server that a person wants this object to take over. */
  claim?: Claim;
  /** Servers of the fleet that were made for this object's project and belong to no object; looked for when one is bought. */
  orphans?: readonly { id: number; name: string }[];
  /** Another fleet of this account has servers of a project of that name. */
  otherFleet?: string;
  /** The action that status.server.actionID names; observed while sizes differ or power is being changed. */
  action?: ServerAction;
}

/** A server that a person named to be taken over, and why it cannot be, if so. */
export interface Claim {
  id: number;
  server?: Server;
  problem?: string;
}

export type DropletStep =
  | { type: 'add-finalizer' }
  | { type: 'take-over'; id: number; put: string[]; off: string[] }
  | { type: 'launch' }
  | { type: 'adopt'; id: number; keepsNonce?: true }
  | { type: 'tag'; id: number; tags: string[] }
  | { type: 'report-drain-timeout'; master: string }
  | { type: 'destroy'; id: number }
  | { type: 'shut-down'; id: number }
  | { type: 'power-off'; id: number }
  | { type: 'power-cycle'; id: number; recovery: string }
  | { type: 'retire'; id: number; put: string[]; off: string[] }
  | { type: 'resize'; id: number; size: string }
  | { type: 'remember-refusal'; refusal: ResizeRefusal }
  | { type: 'power-on'; id: number }
  | { type: 'remove-finalizer' };

/** What to do now, and what to report of it. */
export interface DropletPlan {
  steps: DropletStep[];
  phase: NonNullable<DropletStatus['phase']>;
  /** Whether the server runs and is as the spec asks. */
  provisioned: boolean;
  reason: string;
  message: string;
  /** Requeue after that many ms, whatever happens; undefined when only a change matters. */
  requeueAfterMs?: number;
}

/** The part of the timings that plans need; see timings.ts. */
export interface PlanTimings {
  launchGraceMs: number;
  pollMs: number;
  refusedMs: number;
  slowestRefusedMs: number;
  shutdownMs: number;
  drainMs: number;
}

export interface PlanInput {
  droplet: Droplet;
  view: CloudView;
  /** Whom to wait for before a server that runs is stopped or destroyed. */
  balancer?: Balancer;
  /** The project is suspended: nothing may be changed. */
  suspended: boolean;
  sizes: ReadonlyMap<string, SizeFacts>;
  /** What the server must carry to be found, known as this object's, and protected. */
  tags: readonly string[];
  /** For how many ms the view's action has been seen with a server that is on; 0 by default. */
  actionSeenMs?: number;
  /** Why the account has no room for another droplet, if so. */
  shortage?: string;
  /** The fleet's servers that were replaced and are still there; none by default. */
  kept?: readonly KeptServer[];
  /** For how many ms nothing is to be asked of the cloud, as that has just failed; 0 by default. */
  pausedMs?: number;
  /** Wall time, ms: only what was written down as wall time is compared with it. */
  now: number;
  timings: PlanTimings;
}

/** The cloud's action that dropfleet asked for last on a server. */
export interface ServerAction {
  type: string;
  status: 'in-progress' | 'completed' | 'errored';
}

/** What a resize needs to know of a size. */
export interface SizeFacts {
  slug: string;
  /** GB. */
  disk: number;
  available: boolean;
  regions: readonly string[];
}

/** Why a server does not get the size that it should have; what DigitalOcean itself said is remembered. */
export type ResizeRefusal = Required<Pick<NonNullable<ServerStatus['resize']>, 'reason' | 'message'>>;
