import { findObject } from '../../clients/kubernetes/find-object.ts';
import { DROPLETS, LEASES, PROJECTS } from '../../clients/kubernetes/kinds.ts';
import type { ConditionValue } from '../../crds/conditions.ts';
import { findCondition } from '../../crds/conditions.ts';
import type { Droplet, DropletStatus } from '../../crds/droplet.ts';
import { keyOf, splitKey, type KubernetesObject, type ObjectKey } from '../../crds/meta.ts';
import { PROJECT_LABEL, RECOVER_ANNOTATION } from '../../crds/names.ts';
import { DROPLETS_BY_PROJECT, SERVICES_BY_PROJECT } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import type { Run } from '../run.ts';
import { writeDropletStatus } from '../status/write.ts';
import type { Context } from './concern.ts';
import { healthOf, newsLeftMs, recovering } from './health-condition.ts';
import { createJudge, type Judge, type ProjectObjects } from './judge.ts';
import type { HealthLeases } from './leases.ts';
import { planRecovery, withEnded, type RecoveryPlan, type RecoveryStep } from './recovery-plan.ts';
import type { Scene, WatchedServer } from './scene.ts';
import { WITNESS } from './topology.ts';
import { HOLD_MS, verdictOf, type Verdict } from './verdict.ts';
import { DROPLET_ID_LABEL, readVote } from './vote.ts';
import type { Witness } from './witness.ts';

/** Judges the servers of one project; the key is the project's. */
export type HealthReconciler = (key: ObjectKey, run: Run) => Promise<Outcome>;

/** What the judge needs besides the context. */
export interface HealthParts {
  readonly leases: HealthLeases;
  readonly witness: Witness;
}

type Health = HealthParts & {
  readonly context: Context;
  readonly judge: Judge;
  readonly verdicts: Map<string, Verdict>;
};

/** A reconciler that remembers what it saw of the votes. */
export function createHealthReconciler(context: Context, parts: HealthParts): HealthReconciler {
  const { leases, witness } = parts;
  const judge = createJudge({
    clock: context.clock,
    tally: leases.tally,
    hasHosts: context.hosts !== undefined,
    voucherOf: droplet => voucherOf(droplet, leases, witness),
  });
  const health: Health = { ...parts, context, judge, verdicts: new Map() };
  return async (key, run) => {
    const objects = observe(context, key);
    if (objects.droplets.length === 0) {
      judge.forget(key);
      return undefined;
    }
    if (isStill(objects, health)) return undefined;
    const scene = judge.look(key, objects, context.droplets.list().length);
    const plan = planRecovery(scene);
    callWitness(objects, scene, witness, run);
    count(objects, scene, health);
    for (const droplet of objects.droplets) await tend(droplet, scene, plan, health, run);
    const start = plan.steps.find(step => step.type === 'start');
    if (start !== undefined) await startRecovery(key, start, health, run);
    return againIn(scene, plan, health);
  };
}

function observe({ projects, droplets, services }: Context, key: ObjectKey): ProjectObjects {
  return {
    project: projects.get(key),
    droplets: droplets.byIndex(DROPLETS_BY_PROJECT, key),
    services: services.byIndex(SERVICES_BY_PROJECT, key),
  };
}

/** Where nobody watches, nobody complains and nothing is under way, there is nothing to say. */
function isStill({ droplets }: ProjectObjects, { leases }: Health): boolean {
  if (leases.watchers() === 'running') return false;
  const says =
    leases.watchers() === 'none' && droplets.some(({ status }) => status?.monitoredBy !== undefined);
  return !says && !droplets.some(droplet => isTended(droplet, leases));
}

const isTended = ({ metadata, status }: Droplet, { tally }: HealthLeases): boolean =>
  status?.recovery !== undefined ||
  metadata.annotations?.[RECOVER_ANNOTATION] !== undefined ||
  (findCondition(status?.conditions, 'Healthy')?.reason ?? 'Healthy') !== 'Healthy' ||
  tally.against(status?.server?.id ?? 0).length > 0;

/** Who had an answer of the server a moment ago. */
function voucherOf(
  { metadata, spec, status }: Droplet,
  leases: HealthLeases,
  witness: Witness,
): string | undefined {
  const id = status?.server?.id;
  if (id === undefined) return undefined;
  if (leases.isVouchedFor(id)) return 'its own monitor has answers of it';
  if (witness.hasAnswered(id)) return 'it answers the operator';
  const isVoting = leases.tally.isVoting(metadata.name, spec.project, metadata.namespace ?? '');
  return isVoting ? 'its own monitor votes from it' : undefined;
}

/** The witness looks where another complains, and at a lone server that the operator lost. */
function callWitness(
  { droplets }: ProjectObjects,
  { servers }: Scene,
  witness: Witness,
  { signal }: Run,
): void {
  for (const droplet of droplets) {
    const server = servers.find(({ name }) => name === droplet.metadata.name);
    const isAccused = server?.course?.by.some(observer => observer !== WITNESS) ?? false;
    const isLone = server !== undefined && server.watch.quorum === undefined && isLost(droplet);
    if (isAccused || isLone) witness.lookAt(droplet, signal);
    else witness.rest(keyOf(droplet));
  }
}

const isLost = ({ status }: Droplet): boolean =>
  findCondition(status?.conditions, 'Reachable')?.status === 'False';

/** Says of one Droplet how it is, and ends its recovery when that is over. */
async function tend(
  droplet: Droplet,
  scene: Scene,
  plan: RecoveryPlan,
  { context, leases }: Health,
  run: Run,
): Promise<void> {
  const { name } = droplet.metadata;
  const server = scene.servers.find(one => one.name === name);
  if (server === undefined) return;
  await takeOffWord(context, droplet, server, run);
  const end = plan.steps.find(step => step.type === 'end' && step.name === name);
  if (end?.type === 'end') return await endRecovery(context, droplet, server, end, scene, run);
  const watchers = leases.watchers();
  if (watchers === 'unknown' && server.recovery === undefined) return;
  const isWatched = watchers === 'running';
  const fields = isWatched ? watchedFields(server, scene) : UNWATCHED;
  const says = isWatched || server.recovery !== undefined;
  const health = says ? conditionOf(droplet, server, scene, plan) : { Healthy: undefined };
  await writeDropletStatus(context, 'health', droplet, { fields, conditions: health }, run);
}

type Watched = { [Field in 'monitors' | 'monitoredBy' | 'suspectedBy']: DropletStatus[Field] | undefined };

const UNWATCHED: Watched = { monitors: undefined, monitoredBy: undefined, suspectedBy: undefined };

const watchedFields = ({ name, watch, course }: WatchedServer, { servers }: Scene): Watched => ({
  monitors: servers.filter(other => other.watch.observers.includes(name)).map(other => other.name),
  monitoredBy: [...watch.observers],
  suspectedBy: course === undefined || course.by.length === 0 ? undefined : [...course.by],
});

/** What is on its way, and of which nobody complains, is not said to be healthy yet. */
function conditionOf(
  { status }: Droplet,
  server: WatchedServer,
  scene: Scene,
  { objections }: RecoveryPlan,
): { Healthy?: ConditionValue | undefined } {
  const isComing = status?.phase !== 'Active' && server.recovery === undefined;
  if (isComing && server.course?.suspectedSince === undefined) return {};
  return { Healthy: healthOf(server, scene, objections.get(server.name)) };
}

async function endRecovery(
  context: Context,
  droplet: Droplet,
  server: WatchedServer,
  { ended }: Extract<RecoveryStep, { type: 'end' }>,
  scene: Scene,
  run: Run,
): Promise<void> {
  const recoveries = withEnded(droplet.status?.recoveries, ended);
  const after = { ...server, recovery: undefined, recoveries };
  const change = {
    fields: { recovery: undefined, recoveries },
    conditions: { Healthy: healthOf(after, scene, undefined) },
  };
  await writeDropletStatus(context, 'health', droplet, change, run, 'fail');
  const { result, step, startedAt, endedAt, serverID } = ended;
  context.metrics.recoveries.inc({ result, step });
  context.metrics.recovery.observe((Date.parse(endedAt) - Date.parse(startedAt)) / 1_000);
  const what = `${step} of droplet ${serverID}`;
  run.log.info(`${result}: ${what}`);
  if (result === 'Recovered') context.events.record(droplet, 'Normal', 'Recovered', `well after ${what}`);
  else context.events.record(droplet, 'Warning', 'RecoveryFailed', `not well after ${what}`);
}

/** A person's word is used up when it is being followed, and when it names a server that is not there. */
async function takeOffWord(
  { kubernetes }: Context,
  droplet: Droplet,
  { approvedID, serverID, recovery }: WatchedServer,
  run: Run,
): Promise<void> {
  const { uid, resourceVersion, annotations } = droplet.metadata;
  if (annotations?.[RECOVER_ANNOTATION] === undefined || serverID === undefined) return;
  const isFollowed = recovery?.step === 'Replace' && recovery.serverID === approvedID;
  if (approvedID === serverID && !isFollowed) return;
  const patch = { metadata: { uid, resourceVersion, annotations: { [RECOVER_ANNOTATION]: null } } };
  run.wrote(await kubernetes.patch(DROPLETS, keyOf(droplet), patch, { signal: run.signal }));
}

/** Reads all that speaks for it once more, from the API and not from a cache, and begins if that still says so. */
async function startRecovery(
  key: ObjectKey,
  start: Extract<RecoveryStep, { type: 'start' }>,
  { context, judge, leases }: Health,
  run: Run,
): Promise<void> {
  await run.fenced(async signal => {
    const { serverID, step } = start.recovery;
    const objects = await readAgain(context, key, leases, serverID, signal);
    const scene = judge.look(key, objects, context.droplets.list().length);
    const again = planRecovery(scene).steps.find(other => other.type === 'start');
    const droplet = objects.droplets.find(({ metadata }) => metadata.name === start.name);
    const server = scene.servers.find(({ name }) => name === start.name);
    if (again?.type !== 'start' || droplet === undefined || server === undefined) return;
    const { recovery } = again;
    if (again.name !== start.name || recovery.serverID !== serverID || recovery.step !== step) return;
    const change = { fields: { recovery }, conditions: { Healthy: recovering(server, recovery) } };
    const writer = { signal, wrote: (written: KubernetesObject) => run.wrote(written) };
    await writeDropletStatus(context, 'health', droplet, change, writer, 'fail');
    run.log.warn(`${step} of droplet ${serverID} (${start.name}): ${recovery.cause}`);
    context.events.record(
      droplet,
      'Warning',
      'Recovering',
      `${step} of droplet ${serverID}: ${recovery.cause}`,
    );
  });
}

async function readAgain(
  { kubernetes, services }: Context,
  key: ObjectKey,
  { tally }: HealthLeases,
  dropletID: number,
  signal: AbortSignal,
): Promise<ProjectObjects> {
  const { namespace = '', name } = splitKey(key);
  const labelSelector = `${PROJECT_LABEL}=${name}`;
  const votes = await kubernetes.list(
    LEASES,
    { labelSelector: `${DROPLET_ID_LABEL}=${dropletID}` },
    { signal },
  );
  const stored = new Set(votes.items.map(lease => readVote(lease)?.observer));
  for (const { observer } of tally.against(dropletID))
    if (!stored.has(observer)) tally.gone({ dropletID, observer });
  const droplets = await kubernetes.list(DROPLETS, { namespace, labelSelector }, { signal });
  const project = await findObject(kubernetes, PROJECTS, key, { signal });
  return { project, droplets: droplets.items, services: services.byIndex(SERVICES_BY_PROJECT, key) };
}

/** Counts the servers whose state is another than at the last look. */
function count({ droplets }: ProjectObjects, scene: Scene, { context, verdicts, leases }: Health): void {
  for (const { name, course, role, watch, serverID } of scene.servers) {
    const droplet = droplets.find(({ metadata }) => metadata.name === name)!;
    const key = keyOf(droplet);
    const verdict = verdictOf(course, role, watch, scene.now);
    if (verdict === (verdicts.get(key) ?? 'Healthy')) continue;
    if (verdict === 'Healthy') verdicts.delete(key);
    else verdicts.set(key, verdict);
    context.metrics.verdicts.inc({ verdict });
    if (verdict !== 'Unreachable' || serverID === undefined) continue;
    const firsts = leases.tally.against(serverID).map(({ failingSince }) => failingSince);
    context.metrics.detection.observe(Math.max(0, scene.wall - Math.min(...firsts)) / 1_000);
  }
}

/** When the project is worth another look without a change of anything. */
function againIn(scene: Scene, { steps }: RecoveryPlan, { context, leases }: Health): Outcome {
  const { pollMs } = context.timings;
  const waits = scene.servers.flatMap(server => {
    const { course, recovery, role, serverID, approvedID } = server;
    if (recovery !== undefined || steps.length > 0) return [pollMs];
    const holdMs =
      course?.quorumSince === undefined ? Infinity : course.quorumSince + HOLD_MS[role] - scene.now;
    const voteMs = serverID === undefined ? Infinity : leases.tally.unchangedMs(serverID);
    const isWaiting = holdMs <= 0 || approvedID !== undefined;
    const newsMs = newsLeftMs(server, scene) || Infinity;
    return [voteMs + 1, holdMs > 0 ? holdMs : Infinity, isWaiting ? 3 * pollMs : Infinity, newsMs];
  });
  const ms = Math.min(Infinity, ...waits);
  return ms === Infinity ? undefined : { requeueAfterMs: ms };
}
