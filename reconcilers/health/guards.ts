// What may speak against doing something about a server. Each guard stands alone; a recovery begins when none objects.
import { isApproved, isStorm, type Recovery, type Scene, type WatchedServer } from './scene.ts';
import { HOLD_MS } from './verdict.ts';

/** How long after the last storm nothing is done, ms. */
export const CALM_MS = 120_000;
/** How long a suspicion counts as a part of what befell the whole fleet, ms. */
export const SUSPECT_MS = 120_000;
/** What part of all servers may be suspected, over several projects, before it is no server's fault. */
const FLEET_SHARE = 0.2;
const HOUR_MS = 3_600_000;
/** How many recoveries a server may have, and its project, in how many ms. */
export const SERVER_BUDGET = { recoveries: 2, ms: 6 * HOUR_MS };
export const PROJECT_BUDGET = { recoveries: 3, ms: 24 * HOUR_MS };
/** How often a quorum may have come or gone in ten minutes before a server is not replaced. */
const FLAPS = 3;
/** How old a server must be, ms: its first boot is no failure. */
export const NEWBORN_MS = 600_000;
/** How long a deploy is waited for, ms: one that never ends must not keep a dead server from its recovery. */
export const DEPLOY_MS = 600_000;

/** The condition's reason while that guard holds a recovery of a dead server back. */
export type HoldReason = 'Dead' | 'ApprovalNeeded' | 'Partitioned';

/** Why nothing is done. */
export interface Objection {
  readonly guard: GuardName;
  readonly reason: HoldReason;
  /** To follow "no recovery: ". */
  readonly message: string;
}

type Check = (server: WatchedServer, scene: Scene, step: Recovery['step']) => string | undefined;

/** One guard. */
export interface Guard {
  readonly name: GuardName;
  readonly check: Check;
  readonly reason?: HoldReason;
  /** It holds a person's word back too. */
  readonly bindsPeople?: true;
}

export type GuardName =
  | 'quorum'
  | 'hold'
  | 'self-vouch'
  | 'storm'
  | 'cross-project'
  | 'server-budget'
  | 'project-budget'
  | 'in-flight'
  | 'flapping'
  | 'suspended'
  | 'occupied'
  | 'deploy'
  | 'newborn'
  | 'off'
  | 'mode';

const quorum: Check = ({ course }) =>
  course?.quorumSince === undefined ? 'too few of its observers say that it is dead' : undefined;

const hold: Check = ({ course, role }, { now }) =>
  course?.quorumSince !== undefined && now - course.quorumSince < HOLD_MS[role]
    ? `its observers must agree for ${HOLD_MS[role] / 1000} s`
    : undefined;

/** Who answers somebody is cut off from others, not dead. */
const selfVouch: Check = ({ voucher }) =>
  voucher && `${voucher}, so the network between the servers is in doubt; look at the VPC and firewalls`;

const storm: Check = (_server, { servers, calmMs }) =>
  isStorm(servers) || calmMs < CALM_MS
    ? 'more servers of the project are unhealthy than one at a time, so the cause is probably not theirs'
    : undefined;

const crossProject: Check = (_server, { fleet: { servers, suspects, projects } }) =>
  projects > 1 && suspects > FLEET_SHARE * servers
    ? `${suspects} of ${servers} servers of ${projects} projects are suspected at once, so the cause is probably not theirs`
    : undefined;

const serverBudget: Check = (server, scene) =>
  spent(startsOf(server), SERVER_BUDGET.ms, scene.wall) >= SERVER_BUDGET.recoveries
    ? `${SERVER_BUDGET.recoveries} recoveries of it in 6 hours are the limit; "dropfleet recover ${server.name}" replaces it all the same`
    : undefined;

const projectBudget: Check = ({ name }, { servers, wall }) =>
  spent(servers.flatMap(startsOf), PROJECT_BUDGET.ms, wall) >= PROJECT_BUDGET.recoveries
    ? `${PROJECT_BUDGET.recoveries} recoveries of the project in 24 hours are the limit; "dropfleet recover ${name}" replaces it all the same`
    : undefined;

const inFlight: Check = ({ name }, { servers }) => {
  const other = servers.find(server => server.name !== name && server.recovery !== undefined);
  return other && `${other.name} is being recovered, and a project's servers are recovered one by one`;
};

const flapping: Check = (server, scene, step) =>
  step === 'Replace' && ownTurns(server, scene).length >= FLAPS
    ? `it comes and goes, which a new server may not mend; "dropfleet recover ${server.name}" replaces it all the same`
    : undefined;

/** How often it came and went, but for what a recovery brought about: whose power was cut comes back by that. */
const ownTurns = ({ course, recoveries }: WatchedServer, { now, wall }: Scene): number[] =>
  (course?.turns ?? []).filter(turn => {
    const at = wall - (now - turn);
    return !recoveries.some(
      ({ serverID, startedAt, endedAt }) =>
        serverID === course?.serverID && Date.parse(startedAt) <= at && at <= Date.parse(endedAt),
    );
  });

const suspended: Check = (_server, { isSuspended }) =>
  isSuspended ? 'the project is suspended; resume it first' : undefined;

const occupied: Check = ({ occupied }) => occupied;

/** A deploy that began after the server fell silent is probably stuck because of it. */
const deploy: Check = ({ course }, { deployingMs, now }) => {
  const silentMs = now - (course?.suspectedSince ?? now);
  const isFirst = deployingMs !== undefined && deployingMs > silentMs;
  return isFirst && deployingMs < DEPLOY_MS ? 'a deploy of its project is under way' : undefined;
};

const newborn: Check = ({ bornMs }) =>
  bornMs !== undefined && bornMs < NEWBORN_MS ? 'it is less than 10 minutes old' : undefined;

const off: Check = ({ role }, { modes }) =>
  modes[role] === 'off' ? `spec.recovery.${role} of its project is off` : undefined;

/** A master that is recreated from nothing has lost all that was on it: a person must want that. */
const mode: Check = ({ name, role, snapshot }, { modes }, step) => {
  const losesAll = role === 'master' && step === 'Replace' && snapshot === undefined;
  return modes[role] === 'manual' || losesAll
    ? `"dropfleet recover ${name}" replaces it, when a person decides so`
    : undefined;
};

/**
 * All guards, the weightiest word first. A person is asked when nothing else speaks against it; what limits only how
 * often it is done without one comes after that, and asks too, as it does not pass for hours.
 */
export const GUARDS: readonly Guard[] = [
  { name: 'suspended', check: suspended, bindsPeople: true },
  { name: 'quorum', check: quorum },
  { name: 'hold', check: hold },
  { name: 'self-vouch', check: selfVouch, reason: 'Partitioned' },
  { name: 'off', check: off },
  { name: 'cross-project', check: crossProject },
  { name: 'storm', check: storm },
  { name: 'occupied', check: occupied },
  { name: 'deploy', check: deploy },
  { name: 'newborn', check: newborn },
  { name: 'in-flight', check: inFlight, bindsPeople: true },
  { name: 'mode', check: mode, reason: 'ApprovalNeeded' },
  { name: 'server-budget', check: serverBudget, reason: 'ApprovalNeeded' },
  { name: 'project-budget', check: projectBudget, reason: 'ApprovalNeeded' },
  { name: 'flapping', check: flapping },
];

/**
 * What speaks against that step; undefined when nothing does.
 *
 * @param guards all of them, but in tests of what each is good for.
 */
export function objectionTo(
  step: Recovery['step'],
  server: WatchedServer,
  scene: Scene,
  guards: readonly Guard[] = GUARDS,
): Objection | undefined {
  const isWanted = isApproved(server);
  for (const { name, check, reason = 'Dead', bindsPeople = false } of guards) {
    if (isWanted && !bindsPeople) continue;
    const message = check(server, scene, step);
    if (message !== undefined) return { guard: name, reason, message };
  }
  return undefined;
}

/** When its recoveries began, those that ended and the one that has not. */
const startsOf = ({ recoveries, recovery }: WatchedServer): string[] =>
  [...recoveries, ...(recovery === undefined ? [] : [recovery])].map(({ startedAt }) => startedAt);

/** How many of them lie within that time; one in the future does too, as the clock is wrong then. */
const spent = (starts: readonly string[], ms: number, wall: number): number =>
  starts.filter(at => wall - Date.parse(at) < ms).length;
