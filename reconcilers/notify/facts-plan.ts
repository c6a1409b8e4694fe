import { findCondition, toKubernetesTime } from '../../crds/conditions.ts';
import type { Droplet, DropletStatus } from '../../crds/droplet.ts';
import { keyOf, type Condition, type KubernetesObject } from '../../crds/meta.ts';
import { CONFIRMATION_REQUIRED, ROW_HELD } from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { ASKED_FOR } from '../health/recovery-plan.ts';
import { dropletState } from '../read-model/droplet-state.ts';
import { whyStuck } from '../read-model/service-state.ts';
import { aboutObject, topicOf, type Notice, type NoticeKind, type Side } from './notice.ts';

/** Something that is so now, and that a person should have been told. */
export interface Fact {
  /** Another id is another occurrence: it has the condition's reason and transition in it, so it outlives every process. */
  id: string;
  notice: Notice;
  /** What it came of; for whom was told of nothing bad before. */
  cause?: Notice;
}

/** All that is looked at. */
export interface Objects {
  projects: readonly Project[];
  droplets: readonly Droplet[];
  services: readonly ServiceDeployment[];
  /** Why nothing is done in the fleet at all, if so. */
  standing?: string | undefined;
}

/** How long what is not Ready may be so before anybody hears of it, in milliseconds. */
export interface Patience {
  /** What should have been Ready. */
  readonly failedMs: number;
  /** What is merely on its way, such as a first boot. */
  readonly slowMs: number;
  /** Nobody seems to be coming: from now on a person is needed. */
  readonly lastingMs: number;
}

/** What is found within so long was probably one event: whoever looks at many looks at one after the other. */
const TOGETHER_MS = 60_000;

/** What is so now; and in how many ms something becomes a fact that is none yet. */
export function factsOf(
  objects: Objects,
  now: number,
  patience: Patience,
): { facts: Fact[]; nextMs: number | undefined } {
  const { projects, droplets, services, standing } = objects;
  const waits: number[] = [];
  const waiting = new Set(consequences(objects));
  const own = services.filter(service => !waiting.has(service));
  const beganAt = beginnings([
    ...projects.map(closedFirewall),
    ...droplets.map(unreadyDroplet),
    ...own.map(unreadyService),
  ]);
  const late = (fact: Unready | undefined): Fact[] => {
    if (fact === undefined) return [];
    // A clock that jumped back is no reason to wait for longer than that.
    const ageMs = Math.max(0, now - beganAt(fact));
    const { fact: found, nextMs } = grow(fact, ageMs, patience);
    if (nextMs !== undefined) waits.push(nextMs);
    return found ? [found] : [];
  };
  const facts = [
    ...(standing === undefined ? [] : [standingFact(standing, now)]),
    ...projects.flatMap(project => [...byRules(project), ...late(closedFirewall(project))]),
    ...droplets.flatMap(droplet => {
      const ruled = byRules(droplet);
      // What the health controller says of a server says more than that it is not Ready.
      const isSaid = ruled.some(({ notice }) => notice.side === 'health');
      return [...ruled, ...failedDrill(droplet), ...(isSaid ? [] : late(unreadyDroplet(droplet)))];
    }),
    ...services.flatMap(service => rejection(service, now)),
    ...own.flatMap(service => late(unreadyService(service))),
  ];
  return { facts, nextMs: waits.length === 0 ? undefined : Math.min(...waits) };
}

/** What a condition means to people. A new reason is a new line; the first that fits counts for its side. */
const RULES: readonly {
  type: string;
  status?: Condition['status'];
  reason?: string;
  kind: NoticeKind;
  side: Side;
  needsPerson: boolean;
}[] = [
  { type: CONFIRMATION_REQUIRED, status: 'True', kind: 'held', side: 'held', needsPerson: true },
  { type: ROW_HELD, status: 'True', kind: 'held', side: 'row', needsPerson: true },
  { type: 'Healthy', reason: 'Dead', kind: 'failure', side: 'health', needsPerson: false },
  { type: 'Healthy', reason: 'Unreachable', kind: 'failure', side: 'health', needsPerson: true },
  { type: 'Healthy', reason: 'Partitioned', kind: 'failure', side: 'health', needsPerson: true },
  { type: 'Healthy', reason: 'Recovering', kind: 'recovery-started', side: 'health', needsPerson: false },
  { type: 'Healthy', reason: 'ApprovalNeeded', kind: 'approval-needed', side: 'health', needsPerson: true },
  { type: 'Healthy', reason: 'RecoveryFailed', kind: 'recovery-failed', side: 'health', needsPerson: true },
  { type: 'Healthy', reason: 'Recovered', kind: 'recovery-finished', side: 'health', needsPerson: false },
];

function byRules(object: Project | Droplet): Fact[] {
  return RULES.flatMap(({ type, status, reason, ...notice }) => {
    const condition = findCondition(object.status?.conditions, type);
    const isMeant =
      condition !== undefined &&
      (status ?? condition.status) === condition.status &&
      (reason ?? condition.reason) === condition.reason;
    return isMeant ? [factOf(object, condition, notice)] : [];
  });
}

function factOf(
  object: Project | Droplet | ServiceDeployment,
  { type, status, reason, message, lastTransitionTime: at }: Condition,
  notice: Pick<Notice, 'kind' | 'side' | 'needsPerson'>,
): Fact {
  const about = aboutOf(object);
  const told = { ...notice, about, sentence: message, at };
  const recovery = reason === 'Recovering' ? recoveryOf(object) : undefined;
  if (recovery === undefined) return { id: `${type} ${status} ${reason} ${at}`, notice: told };
  // A recovery is one occurrence, whether its server is well meanwhile or not; the next step of it is another.
  const id = `${type} ${reason} ${recovery.step} ${recovery.startedAt}`;
  const { cause: sentence, startedAt } = recovery;
  // It begins in the moment in which a server is dead, so that nobody would be told of that.
  const cause: Notice = { ...told, kind: 'failure', sentence, at: startedAt };
  return sentence === ASKED_FOR ? { id, notice: told } : { id, notice: told, cause };
}

const recoveryOf = ({ status }: Project | Droplet | ServiceDeployment): DropletStatus['recovery'] =>
  status !== undefined && 'recovery' in status ? status.recovery : undefined;

const aboutOf = (object: KubernetesObject): string => aboutObject(object.kind, keyOf(object));

const standingFact = (message: string, now: number): Fact => ({
  id: message,
  notice: {
    kind: 'held',
    about: 'Fleet',
    side: 'standing',
    needsPerson: true,
    sentence: `Nothing is done: ${message}`,
    at: toTime(now),
  },
});

/** What failed stays as it is, and nothing tries it again; but what ran before goes on, so that it wakes nobody. */
function rejection(service: ServiceDeployment, now: number): Fact[] {
  const { rejected } = service.status ?? {};
  if (rejected === undefined || service.metadata.deletionTimestamp !== undefined) return [];
  const about = aboutOf(service);
  const { release, reason, message } = rejected;
  const notice = { kind: 'deploy-failed', side: 'deploy', needsPerson: false } as const;
  return [{ id: `${release} ${reason}`, notice: { ...notice, about, sentence: message, at: toTime(now) } }];
}

/** What its snapshot is worth is not known: nothing is broken, but a recovery may be. Until the next drill it stays so. */
function failedDrill(droplet: Droplet): Fact[] {
  const { request, result, message = '', startedAt, finishedAt = startedAt } = droplet.status?.drill ?? {};
  if (result !== 'Failed' || droplet.metadata.deletionTimestamp !== undefined) return [];
  const notice = { kind: 'drill-failed', side: 'drill', needsPerson: false } as const;
  const sentence = `restore drill failed: ${message}`;
  return [{ id: `${request}`, notice: { ...notice, about: aboutOf(droplet), sentence, at: finishedAt! } }];
}

/** Something that is not as it should be, and may become so by itself. */
interface Unready {
  object: Project | Droplet | ServiceDeployment;
  side: Side;
  condition: Condition;
  /** Nothing moves before a person acts. */
  isStuck: boolean;
  /** Nothing is wrong with it: it takes its time. */
  isOnItsWay: boolean;
}

const foundAt = ({ condition }: Unready): number => Date.parse(condition.lastTransitionTime);

/** Since when each of them is so, or what was found a moment before it: both are told at once then. */
function beginnings(all: readonly (Unready | undefined)[]): (of: Unready) => number {
  const times = all
    .filter(one => one !== undefined)
    .map(foundAt)
    .toSorted((a, b) => a - b);
  const began = new Map<number, number>();
  let first = 0;
  for (const time of times) {
    while (time - times[first]! > TOGETHER_MS) first++;
    began.set(time, times[first]!);
  }
  return one => began.get(foundAt(one)) ?? foundAt(one);
}

/** A fact once it has lasted, and another one when it lasts on. */
function grow(
  { object, side, condition, isStuck, isOnItsWay }: Unready,
  ageMs: number,
  { failedMs, slowMs, lastingMs }: Patience,
): { fact?: Fact; nextMs?: number } {
  const afterMs = isOnItsWay ? slowMs : failedMs;
  if (ageMs < afterMs) return { nextMs: afterMs - ageMs };
  const isLasting = ageMs >= lastingMs;
  const stage = isLasting ? 'lasting' : isStuck ? 'stuck' : 'failed';
  const needsPerson = isStuck || isLasting;
  const { type, lastTransitionTime } = condition;
  const { notice } = factOf(object, condition, { kind: 'failure', side, needsPerson });
  const minutes = Math.round(lastingMs / 60_000);
  const sentence = isLasting
    ? `not Ready for more than ${minutes} minutes: ${notice.sentence}`
    : notice.sentence;
  // Its reason may change as it tries: that is no news.
  const fact = { id: `${type} ${stage} ${lastTransitionTime}`, notice: { ...notice, sentence } };
  return isLasting ? { fact } : { fact, nextMs: lastingMs - ageMs };
}

function unreadyDroplet(droplet: Droplet): Unready | undefined {
  const { metadata, status } = droplet;
  const condition = findCondition(status?.conditions, 'Ready');
  if (metadata.deletionTimestamp !== undefined || condition === undefined) return undefined;
  if (condition.status === 'True' || condition.reason === 'Suspended') return undefined;
  const { state, stuck, degraded } = dropletState(droplet);
  // The hold itself is told.
  if (state === 'Held') return undefined;
  return { object: droplet, side: 'health', condition, isStuck: stuck, isOnItsWay: !degraded };
}

function unreadyService(service: ServiceDeployment): Unready | undefined {
  const { metadata, spec, status } = service;
  const condition = findCondition(status?.conditions, 'Ready');
  const isWanted = (spec.version ?? spec.image) !== undefined && spec.stopped !== true;
  if (!isWanted || metadata.deletionTimestamp !== undefined || condition === undefined) return undefined;
  if (condition.status === 'True' || status?.rejected !== undefined) return undefined;
  const isStuck = whyStuck(service) !== undefined;
  return { object: service, side: 'health', condition, isStuck, isOnItsWay: !isStuck };
}

const projectOf = ({ metadata, spec }: Droplet | ServiceDeployment): string =>
  `${metadata.namespace}/${spec.project}`;

/** The reasons of a service that nothing is wrong with but its servers. */
const WAITS_FOR_SERVER: ReadonlySet<string> = new Set([
  'NoMaster',
  'MasterUnreachable',
  'NoServer',
  'ServerUnavailable',
  'ServerUnreachable',
]);

/** The services that only wait for a server of which people are told: that is one thing, and not two. */
function consequences({ droplets, services }: Objects): ServiceDeployment[] {
  const lame = new Set(droplets.filter(droplet => unreadyDroplet(droplet) !== undefined).map(projectOf));
  return services.filter(
    service =>
      lame.has(projectOf(service)) &&
      WAITS_FOR_SERVER.has(findCondition(service.status?.conditions, 'Ready')?.reason ?? ''),
  );
}

/** The topics of which nothing is said, neither that they are well nor that they are not. */
export const untoldTopics = (objects: Objects): ReadonlySet<string> =>
  new Set(consequences(objects).map(service => topicOf({ about: aboutOf(service), side: 'health' })));

function closedFirewall(project: Project): Unready | undefined {
  const condition = findCondition(project.status?.conditions, 'FirewallReady');
  if (project.metadata.deletionTimestamp !== undefined || condition?.status !== 'False') return undefined;
  return { object: project, side: 'firewall', condition, isStuck: false, isOnItsWay: false };
}

const toTime = (ms: number): string => toKubernetesTime(new Date(ms));
