import type { ObjectKey } from '../../crds/meta.ts';
import { count, keyOfEffect, type Doubt, type Effect } from './effect.ts';

/** More projects than this never lose all they have within the window without a confirmation. */
export const MOST_PROJECTS = 1;
/** Nor are more droplets destroyed, or replaced by a recovery, than the larger of this number and this share of the fleet. */
export const MOST_DROPLETS = 2;
export const MOST_SHARE = 0.3;
/** Nor more servers bought in place of ones that vanished: several gone together are a storm, not a shopping list. */
export const MOST_VANISHED = 1;
/** Nor more old snapshots removed: a retention that is wrong is found out before all are gone. */
export const MOST_PRUNED = 10;
/** How long what was let through counts, in ms. */
export const WINDOW_MS = 600_000;

/** What somebody wants to do; everything that a person would confirm together has one group. */
export interface Request {
  /** Whoever asks; another request of the same asker takes the place of the one before. */
  asker: string;
  group: string;
  effects: readonly Effect[];
  /** For how long it has been asked for. */
  ageMs: number;
  /** How long it must have been asked for to be believed: what comes with it may still be on its way. */
  believedAfterMs: number;
  /** A person has confirmed this very thing. */
  confirmed: boolean;
}

/** Something that was let through. */
export interface Admission {
  key: string;
  verb: Effect['verb'];
  cause: Effect['cause'];
  project: ObjectKey;
  uid: string;
  /** A person had confirmed it: then it counts against nobody. */
  confirmed: boolean;
  /** How long ago, ms, as far as this process knows. */
  ageMs: number;
}

/** What is judged together. */
export interface PolicyInput {
  requests: readonly Request[];
  /** Those of the last `WINDOW_MS`, and older ones that are still being carried out. */
  admitted: readonly Admission[];
  /** The keys of what a limit held when the policy was last asked. */
  held: ReadonlySet<string>;
  /** The uids of the Droplets that there are, by project. */
  droplets: ReadonlyMap<ObjectKey, readonly string[]>;
  /** How many Droplets there are in all. */
  fleetSize: number;
  /** Why nothing at all may be done, if so. */
  standing?: Doubt;
}

/** What becomes of a request. */
export type Verdict =
  | { type: 'pass' }
  /** Asked too lately to be believed. */
  | { type: 'wait'; ms: number }
  /**
   * Not before a person has confirmed it, or what speaks against it is over. A limit goes on speaking against it while
   * the whole of it is asked for (`isLimit`, then `wasHeld`): else it would trickle through.
   */
  | ({ type: 'hold'; isLimit?: true; wasHeld?: true } & Doubt);

/**
 * The one policy over all that destroys, stops, buys or takes over, whoever asks for it. By group, the first line that
 * holds:
 *
 *     the fleet's standing is in doubt                          | hold
 *     all of it was let through before                          | pass
 *     a person confirmed it                                     | pass
 *     something in it is doubted                                | hold
 *     a limit held it, and it is still asked for                | hold
 *     buys in place of a server that vanished or is recovered,  | hold
 *       and of those that vanished, held ones too, there is     |
 *       more than one                                           |
 *     buys in place of a server that is recovered, and with all | hold
 *       of these it is more than the limit of deletions         |
 *     asked for only just now                                   | wait
 *     destroys, and with all that is asked for, and all that    | hold
 *       was asked for or done in the last ten minutes, it is    |
 *       more than the limit; servers of drills do not count     |
 *     prunes, and it alone is more than the limit               | hold
 *     prunes, and with all that was in the last ten minutes it  | wait until it is not
 *       is more than the limit                                  |
 *     anything else                                             | pass
 */
export function judge(input: PolicyInput): Map<string, Verdict> {
  const groups = Map.groupBy(input.requests, ({ group }) => group);
  const admitted = new Set(input.admitted.map(({ key }) => key));
  const states = [...groups].map(([group, requests]) => stateOf(group, requests, admitted, input.held));
  const excess = findExcess(states, input);
  return new Map(states.map(state => [state.group, verdictOn(state, excess, input.standing)]));
}

interface State {
  group: string;
  /** What was not let through yet. */
  asked: Effect[];
  confirmed: boolean;
  doubt: Doubt | undefined;
  wasHeld: boolean;
  /** It is nothing of the above, so that the limits decide. */
  isFresh: boolean;
  ageMs: number;
  waitMs: number;
}

function stateOf(
  group: string,
  requests: readonly Request[],
  admitted: ReadonlySet<string>,
  held: ReadonlySet<string>,
): State {
  const asked = requests
    .flatMap(({ effects }) => effects)
    .filter(effect => !admitted.has(keyOfEffect(effect)));
  const confirmed = requests.some(request => request.confirmed);
  const doubt = asked.find(effect => effect.doubt !== undefined)?.doubt;
  const wasHeld = asked.some(effect => held.has(keyOfEffect(effect)));
  const isFresh = !confirmed && doubt === undefined && !wasHeld;
  const ageMs = Math.min(...requests.map(request => request.ageMs));
  const waitMs = Math.max(0, ...requests.map(({ ageMs, believedAfterMs }) => believedAfterMs - ageMs));
  return { group, asked, confirmed, doubt, wasHeld, isFresh, ageMs, waitMs };
}

/**
 * What is held goes on to count for as long as if it had been done: else the last of many that are deleted one after
 * the other would pass because all before it were held.
 */
const isCounted = ({ isFresh, wasHeld, confirmed, ageMs }: State): boolean =>
  isFresh || (wasHeld && !confirmed && ageMs < WINDOW_MS);

interface Excess {
  destroy?: Doubt;
  buy?: Doubt;
  recovery?: Doubt;
  /** How long ago snapshots were removed without a confirmation, ms, the oldest first. */
  pruned: readonly number[];
}

function verdictOn(state: State, excess: Excess, standing: Doubt | undefined): Verdict {
  const { asked, confirmed, doubt, wasHeld, waitMs } = state;
  if (standing !== undefined && !mayAllTheSame(asked, standing)) return { type: 'hold', ...standing };
  if (asked.length === 0 || confirmed) return { type: 'pass' };
  if (doubt !== undefined) return { type: 'hold', ...doubt };
  if (wasHeld) return { type: 'hold', wasHeld: true, ...HELD_BEFORE };
  // A storm is reported at once.
  if (excess.buy !== undefined && asked.some(effect => isReplacement(effect) || isRecovery(effect)))
    return { type: 'hold', isLimit: true, ...excess.buy };
  if (excess.recovery !== undefined && asked.some(isRecovery))
    return { type: 'hold', isLimit: true, ...excess.recovery };
  // A deletion when all of it has come, so that what is said of it is the whole.
  if (waitMs > 0) return { type: 'wait', ms: waitMs };
  return excess.destroy !== undefined && asked.some(isDestruction)
    ? { type: 'hold', isLimit: true, ...excess.destroy }
    : verdictOnPruning(asked.filter(isPruning).length, excess.pruned);
}

/**
 * Snapshots are no droplets: they come and go by the day, so that what is above the limit is spread over time, where
 * it can be, and need not be confirmed.
 */
function verdictOnPruning(asked: number, pruned: readonly number[]): Verdict {
  if (asked > MOST_PRUNED)
    return {
      type: 'hold',
      isLimit: true,
      reason: 'LargePruning',
      message: `would destroy ${count(asked, 'snapshot')} at once; the limit without a confirmation is ${MOST_PRUNED}`,
    };
  const surplus = asked + pruned.length - MOST_PRUNED;
  return asked > 0 && surplus > 0 ? { type: 'wait', ms: WINDOW_MS - pruned[surplus - 1]! } : { type: 'pass' };
}

/** Servers that another API keeps are taken over when a person names them: nothing else would end that doubt. */
const mayAllTheSame = (asked: readonly Effect[], { reason }: Doubt): boolean =>
  reason === FLEET_TAKEN && asked.length > 0 && asked.every(({ cause }) => cause === 'adopted');

/** The reason of a standing that servers of the fleet belong to another Kubernetes API. */
export const FLEET_TAKEN = 'FleetTaken';

/** What is said of something that was held for a reason that may be over. */
const HELD_BEFORE: Doubt = { reason: 'Held', message: 'it was held before' };

/** The server of a drill is a copy that was bought to be destroyed: it is none of those that the limit protects. */
const isDestruction = ({ verb, cause }: Pick<Effect, 'verb' | 'cause'>): boolean =>
  verb === 'destroy' && cause !== 'drill';
const isPruning = ({ verb }: Pick<Effect, 'verb'>): boolean => verb === 'prune';
const isReplacement = ({ verb, cause }: Pick<Effect, 'verb' | 'cause'>): boolean =>
  verb === 'buy' && cause === 'vanished';
const isRecovery = ({ verb, cause }: Pick<Effect, 'verb' | 'cause'>): boolean =>
  verb === 'buy' && cause === 'recovery';

function findExcess(states: readonly State[], input: PolicyInput): Excess {
  const recent = input.admitted.filter(({ confirmed, ageMs }) => !confirmed && ageMs < WINDOW_MS);
  const askedBy = (some: readonly State[]): Effect[] => some.flatMap(({ asked }) => asked);
  const counted = askedBy(states.filter(isCounted));
  // What of a storm is held already does not make the rest of it a single loss.
  const unconfirmed = askedBy(states.filter(({ confirmed }) => !confirmed));
  const destroy = tooManyDestroyed(counted.filter(isDestruction), recent, input);
  const buy = tooManyReplaced(unconfirmed.filter(isReplacement), recent);
  const recovery = tooManyRecovered(unconfirmed.filter(isRecovery), recent, input);
  const pruned = recent.filter(isPruning).map(({ ageMs }) => ageMs);
  return {
    ...(destroy && { destroy }),
    ...(buy && { buy }),
    ...(recovery && { recovery }),
    pruned: pruned.toSorted((a, b) => b - a),
  };
}

function tooManyDestroyed(
  asked: readonly Effect[],
  admitted: readonly Admission[],
  { droplets, fleetSize, admitted: all }: PolicyInput,
): Doubt | undefined {
  const recent = admitted.filter(isDestruction);
  const keys = new Set([...asked.map(keyOfEffect), ...recent.map(({ key }) => key)]);
  const there = new Set([...droplets.values()].flat());
  // What was destroyed a moment ago belonged to the fleet that the share is taken of.
  const before =
    fleetSize + new Set(recent.map(({ uid }) => uid).filter(uid => uid !== '' && !there.has(uid))).size;
  const limit = limitOf(before);
  const ending = [...asked, ...recent].filter(({ uid }) => uid !== '');
  const projects = new Set(ending.map(({ project }) => project));
  // What was confirmed counts against nobody, but what is left of its project may be the last of that.
  const going = new Set([...keys, ...all.map(({ key }) => key)]);
  const ended = [...projects].filter(project =>
    (droplets.get(project) ?? []).every(uid => going.has(`destroy ${uid}`)),
  );
  if (keys.size <= limit && ended.length <= MOST_PROJECTS) return undefined;
  const whole = ended.length > 1 ? ` and ${count(ended.length, 'whole project')}` : '';
  const earlier = recent.length === 0 ? '' : ` (${recent.length} already)`;
  return {
    reason: 'LargeDeletion',
    message: `would destroy ${keys.size} of ${count(before, 'droplet')}${whole} within ten minutes${earlier}; the limit without a confirmation is ${count(limit, 'droplet')} and ${count(MOST_PROJECTS, 'whole project')}`,
  };
}

const limitOf = (droplets: number): number => Math.max(MOST_DROPLETS, Math.floor(droplets * MOST_SHARE));

function tooManyRecovered(
  asked: readonly Effect[],
  admitted: readonly Admission[],
  { fleetSize }: PolicyInput,
): Doubt | undefined {
  const recent = admitted.filter(isRecovery);
  const n = new Set([...asked.map(keyOfEffect), ...recent.map(({ key }) => key)]).size;
  const limit = limitOf(fleetSize);
  if (n <= limit) return undefined;
  return {
    reason: 'Storm',
    message: `would replace ${n} of ${count(fleetSize, 'droplet')} within ten minutes; the limit without a confirmation is ${limit}: check what watches them, and DigitalOcean's status page`,
  };
}

function tooManyReplaced(asked: readonly Effect[], admitted: readonly Admission[]): Doubt | undefined {
  const recent = admitted.filter(isReplacement);
  const n = new Set([...asked.map(keyOfEffect), ...recent.map(({ key }) => key)]).size;
  if (n <= MOST_VANISHED) return undefined;
  const names = asked.map(({ name }) => name).slice(0, 10);
  return {
    reason: 'Storm',
    message: `${count(n, 'server')} vanished within ten minutes (${names.join(', ')}), and none is created in their place: check the account, and DigitalOcean's status page`,
  };
}
