import type { ConditionValue } from '../../crds/conditions.ts';
import type { Objection } from './guards.ts';
import { inWords } from './recovery-plan.ts';
import type { Recovery, Scene, WatchedServer } from './scene.ts';
import { HOLD_MS, verdictOf, type Course } from './verdict.ts';

/** For how long a recovery that ended well is news, ms. */
const NEWS_MS = 600_000;

/** Every reason of the condition Healthy. */
export type HealthReason =
  | 'Healthy'
  | 'Suspected'
  | 'Unreachable'
  | 'Dead'
  | 'Partitioned'
  | 'ApprovalNeeded'
  | 'Recovering'
  | 'RecoveryFailed'
  | 'Recovered';

type Health = ConditionValue & { readonly reason: HealthReason };

/**
 * The condition Healthy. While it is False the load balancer sends the server nothing.
 *
 *     status | reason         | when
 *     -------+----------------+-----------------------------------------------------------------------
 *     True   | Healthy        | no vote counts
 *     True   | Recovered      | the same, a moment after a recovery
 *     True   | Suspected      | fewer votes than a quorum: one observer may be cut off itself
 *     False  | Suspected      | a quorum, not yet for long enough
 *     False  | Unreachable    | the witness alone, for long, of a server that nobody else observes
 *     False  | Partitioned    | dead by its votes, but somebody else has answers of it
 *     False  | ApprovalNeeded | dead, and a person must decide about its recovery
 *     False  | Dead           | dead, and a guard objects to its recovery for now
 *     False  | RecoveryFailed | dead after a recovery that did not help, whatever objects to another, but for the two above
 *     False  | Recovering     | under recovery; True while it is well all the same, as a person asked for it
 *
 * @param objection what keeps a server that is dead from its recovery.
 */
export function healthOf(server: WatchedServer, scene: Scene, objection: Objection | undefined): Health {
  if (server.recovery !== undefined) return recovering(server, server.recovery);
  const { course, role, watch } = server;
  switch (verdictOf(course, role, watch, scene.now)) {
    case 'Healthy':
      return well(server, scene);
    case 'Suspected':
      return { status: 'True', reason: 'Suspected', message: suspicion(server) };
    case 'Unreachable':
      return watch.quorum === undefined ? unreachable() : suspected(server);
    case 'Dead':
      return dead(server, course!, scene, objection);
  }
}

/** What is said while a recovery is carried out. */
export const recovering = (
  { wellMs }: Pick<WatchedServer, 'wellMs'>,
  { serverID, step, cause }: Recovery,
): Health => ({
  status: wellMs === undefined ? 'False' : 'True',
  reason: 'Recovering',
  message: `${step === 'PowerCycle' ? 'cutting the power of' : 'replacing'} droplet ${serverID}: ${cause}`,
});

/** For how long it goes on to be news that a server has recovered, ms; 0 when it is none. */
export const newsLeftMs = ({ recoveries: [last] }: WatchedServer, { wall }: Scene): number =>
  last?.result === 'Recovered' ? Math.max(0, Date.parse(last.endedAt) + NEWS_MS - wall) : 0;

function well(server: WatchedServer, scene: Scene): Health {
  const [last] = server.recoveries;
  return last !== undefined && newsLeftMs(server, scene) > 0
    ? { status: 'True', reason: 'Recovered', message: `well after ${last.step} of droplet ${last.serverID}` }
    : { status: 'True', reason: 'Healthy', message: 'no observer fails to reach it' };
}

const suspicion = ({ course, watch }: WatchedServer): string =>
  `unreachable for ${inWords(course!.by)}; ${
    watch.quorum === undefined
      ? 'no other server observes it, so nothing will be done'
      : `nothing is done before ${watch.quorum} of ${watch.observers.length} observers say so`
  }`;

const suspected = ({ course, role }: WatchedServer): Health => ({
  status: 'False',
  reason: 'Suspected',
  message: `unreachable for ${inWords(course!.by)}; it counts as dead after ${HOLD_MS[role] / 1000} s of that`,
});

const unreachable = (): Health => ({
  status: 'False',
  reason: 'Unreachable',
  message:
    'the operator cannot reach it, and no other server observes it, so nothing is done: look at it in its console at DigitalOcean',
});

function dead(server: WatchedServer, course: Course, scene: Scene, objection: Objection | undefined): Health {
  const reason = objection?.reason ?? 'Dead';
  const isOthers = objection?.guard === 'mode' || objection?.guard === 'self-vouch';
  const hasFailed = !isOthers && server.recoveries[0]?.result === 'Failed';
  const why = objection === undefined ? '' : `; no recovery: ${objection.message}`;
  const loss = reason === 'ApprovalNeeded' ? lossOf(server, course, scene) : '';
  return {
    status: 'False',
    reason: hasFailed ? 'RecoveryFailed' : reason,
    message: `unreachable for ${inWords(course.by)}${why}${loss}`,
  };
}

/** What a person should know before a server is replaced. The age is that of its death: it must not change by itself. */
function lossOf({ role, snapshot }: WatchedServer, { quorumSince }: Course, { now, wall }: Scene): string {
  if (role === 'web') return '';
  if (snapshot === undefined) return '. It has no snapshot: all that was on it would be lost';
  const ageMs = wall - (now - quorumSince!) - Date.parse(snapshot.createdAt);
  return `. Its newest snapshot was ${hoursAndMinutes(ageMs)} old then: what was written since would be lost`;
}

/** `5 h 12 m`, `3 d 4 h`. */
function hoursAndMinutes(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  const [days, hours] = [Math.floor(minutes / 1_440), Math.floor(minutes / 60)];
  if (days > 0) return `${days} d ${hours % 24} h`;
  return hours > 0 ? `${hours} h ${minutes % 60} m` : `${minutes} m`;
}
