import { toKubernetesTime } from '../../crds/conditions.ts';
import { GUARDS, objectionTo, SERVER_BUDGET, type Guard, type Objection } from './guards.ts';
import { isApproved, type PastRecovery, type Recovery, type Scene, type WatchedServer } from './scene.ts';

/** The cause of a recovery that no vote is behind. */
export const ASKED_FOR = 'a person asked for it';
/** How long a server whose power was cut and given back has to answer, ms, before it is replaced. */
export const BACK_MS = 120_000;
/** How long a server must have been well, ms, before it counts as recovered. */
export const WELL_MS = 20_000;
/** How long a recovery may take, ms. */
export const DEADLINE_MS = 20 * 60_000;
/** As many past recoveries as the status holds. */
const REMEMBERED = 10;

/** What to do about one server. */
export type RecoveryStep =
  | { readonly type: 'start'; readonly name: string; readonly recovery: Recovery }
  | { readonly type: 'end'; readonly name: string; readonly ended: PastRecovery };

/** What to do in one project, and why nothing is done about a server that somebody should do something about. */
export interface RecoveryPlan {
  readonly steps: readonly RecoveryStep[];
  /** By the server's name. */
  readonly objections: ReadonlyMap<string, Objection>;
}

/**
 * What is done about the servers of a project: drained they are already, as the load balancer sends nothing to a server
 * that is not Healthy.
 *
 *     under recovery | how it is                                        | step
 *     ---------------+--------------------------------------------------+---------------------------------
 *     no             | dead, and no guard objects                       | start: PowerCycle; Replace if
 *                    |                                                  |   that was tried of late
 *     no             | a person named it, suspended is the project not, | start: Replace
 *                    |   and no other is under recovery                 |
 *     PowerCycle     | well for 20 s                                    | end: Recovered
 *     PowerCycle     | is back for 120 s, and still not well            | end: Failed
 *     PowerCycle     | a person named it                                | end: Failed
 *     PowerCycle     | another server has taken its place               | end: Failed
 *     Replace        | another server has taken its place, well for 20 s| end: Recovered
 *     any            | not well after 20 min                            | end: Failed
 *
 * At most one start at a time.
 */
export function planRecovery(scene: Scene, guards: readonly Guard[] = GUARDS): RecoveryPlan {
  const ends = scene.servers.flatMap(server => endOf(server, scene));
  const objections = new Map<string, Objection>();
  let start: RecoveryStep | undefined;
  for (const server of byUrgency(scene)) {
    if (server.recovery !== undefined || !isAsked(server)) continue;
    const step = stepFor(server, scene);
    const objection = objectionTo(step, server, scene, guards);
    if (objection !== undefined) objections.set(server.name, objection);
    else start ??= { type: 'start', name: server.name, recovery: recoveryOf(server, step, scene) };
  }
  return { steps: [...ends, ...(start === undefined ? [] : [start])], objections };
}

/** Those that a person named come first. */
const byUrgency = ({ servers }: Scene): readonly WatchedServer[] =>
  servers.some(isApproved)
    ? servers.toSorted((a, b) => Number(isApproved(b)) - Number(isApproved(a)))
    : servers;

/** Whether anybody wants anything done about it; the guards say whether that is enough. */
const isAsked = (server: WatchedServer): boolean =>
  server.serverID !== undefined && (isApproved(server) || server.course?.suspectedSince !== undefined);

/** A server whose power was cut once, and that is dead again, is replaced. */
function stepFor(server: WatchedServer, { wall }: Scene): Recovery['step'] {
  const wasCycled = server.recoveries.some(
    ({ serverID, step, startedAt }) =>
      serverID === server.serverID &&
      step === 'PowerCycle' &&
      wall - Date.parse(startedAt) < SERVER_BUDGET.ms,
  );
  return isApproved(server) || wasCycled ? 'Replace' : 'PowerCycle';
}

function recoveryOf(server: WatchedServer, step: Recovery['step'], { wall }: Scene): Recovery {
  const { serverID, snapshot, course } = server;
  const isClean = isApproved(server) && server.isCleanWanted;
  return {
    serverID: serverID!,
    step,
    ...(step === 'Replace' && !isClean && snapshot && { image: snapshot.id }),
    startedAt: toKubernetesTime(new Date(wall)),
    cause: isApproved(server) ? ASKED_FOR : `unreachable for ${inWords(course?.by ?? [])}`,
  };
}

function endOf(server: WatchedServer, { wall }: Scene): RecoveryStep[] {
  const { name, recovery } = server;
  const result = recovery && resultOf(server, recovery);
  if (result === undefined) return [];
  const { serverID, step, startedAt } = recovery!;
  const endedAt = toKubernetesTime(new Date(wall));
  return [{ type: 'end', name, ended: { serverID, step, startedAt, endedAt, result } }];
}

function resultOf(server: WatchedServer, { step, serverID }: Recovery): PastRecovery['result'] | undefined {
  const { wellMs = 0, backMs = 0, recoveryMs } = server;
  const isAnother = server.serverID !== undefined && server.serverID !== serverID;
  if (recoveryMs > DEADLINE_MS) return 'Failed';
  if (step === 'Replace') return isAnother && wellMs >= WELL_MS ? 'Recovered' : undefined;
  if (isAnother || isApproved(server)) return 'Failed';
  if (wellMs >= WELL_MS) return 'Recovered';
  return backMs >= BACK_MS ? 'Failed' : undefined;
}

/** The recoveries that are remembered once that one has ended. */
export const withEnded = (before: readonly PastRecovery[] = [], ended: PastRecovery): PastRecovery[] =>
  [ended, ...before].slice(0, REMEMBERED);

/** `shop-master, shop-web2 and witness`. */
export const inWords = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
