import { isDeepStrictEqual } from 'node:util';
import { isSshError } from '../../clients/ssh/errors.ts';
import { isCloudError } from '../../clients/digitalocean/errors.ts';
import { findCondition, type ConditionValue } from '../../crds/conditions.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import type { Project } from '../../crds/project.ts';
import { isWaiting, type Outcome } from '../outcome.ts';
import type { Run } from '../run.ts';
import { writeProjectStatus } from '../status/write.ts';
import { applyStep, type DataVolumeApply } from './apply.ts';
import type { Context } from './concern.ts';
import { effectsOf } from './effects-plan.ts';
import { observeDataVolume } from './observe.ts';
import { planDataVolume, type DataVolumePlan } from './plan.ts';

/**
 * Gives a project the volume that it asks for, and has it where the master is. It goes on for as long as the Project is
 * there, whatever becomes of the field: services have their data on it.
 */
export async function reconcileDataVolume(
  context: Context,
  key: ObjectKey,
  project: Project | undefined,
  run: Run,
): Promise<Outcome> {
  const isAsked = project?.spec.dataVolume !== undefined || project?.status?.dataVolume !== undefined;
  if (project === undefined || project.metadata.deletionTimestamp !== undefined || !isAsked) {
    await context.gate.ask(askOf(key), run);
    return undefined;
  }
  if (project.spec.suspend) return undefined;
  if (context.servers.lastListStartedAt() === undefined) return { requeueAfterMs: context.timings.pollMs };
  const progress: DataVolumeApply = { project };
  try {
    return await converge(context, progress, run);
  } catch (error) {
    run.signal.throwIfAborted();
    const failure = describeError(error, context);
    if (failure === undefined) throw error;
    await report(context, progress, { status: 'False', ...failure.said }, run);
    return { requeueAfterMs: failure.afterMs };
  }
}

/** The step that is due, by the gate; what is in place is written down before anything that it hinders. */
async function converge(context: Context, progress: DataVolumeApply, run: Run): Promise<Outcome> {
  const { timings } = context;
  const { project } = progress;
  const plan = planDataVolume(await observeDataVolume(context, project, run.signal));
  const answer = await context.gate.ask(askOf(keyOf(project), project, plan), run);
  const held: ConditionValue | undefined =
    answer.type === 'hold' ? { status: 'False', reason: answer.reason, message: answer.message } : undefined;
  await report(context, progress, held ?? plan.condition, run, plan);
  if (answer.type === 'wait') return { requeueAfterMs: answer.ms };
  if (held !== undefined) return { requeueAfterMs: timings.retryMs };
  if (plan.step !== undefined) await applyStep(plan.step, progress, context, run);
  const isNext = plan.step !== undefined && AT_ONCE.has(plan.step.type);
  return { requeueAfterMs: isNext ? 1 : timings[`${plan.pace}Ms`] };
}

/** After these there is something else to do right away. */
const AT_ONCE: ReadonlySet<string> = new Set(['note', 'create', 'adopt', 'mount', 'take-over']);

/** Without a plan it is taken back. */
function askOf(key: ObjectKey, project?: Project, plan?: DataVolumePlan) {
  const effects = project === undefined ? [] : effectsOf(project, plan?.step);
  return {
    asker: askerOf(key),
    group: `data volume ${key}`,
    effects,
    objects: project === undefined ? [] : [project],
    believedAfterMs: 0,
  };
}

const askerOf = (key: ObjectKey): string => `data volume ${key}`;

/** The Projects among those who asked the gate on behalf of their volumes. */
export const volumeOwnersAmong = (askers: readonly string[]): ObjectKey[] =>
  askers.flatMap(asker => /^data volume (\S+)/.exec(asker)?.[1] ?? []);

/** What is said, and whether services may write; only when it is news. */
async function report(
  context: Context,
  progress: DataVolumeApply,
  condition: ConditionValue,
  run: Run,
  plan?: DataVolumePlan,
): Promise<void> {
  const { status } = progress.project;
  const { serverID: _former, ...elsewhere } = status?.dataVolume ?? {};
  const before = findCondition(status?.conditions, 'DataVolumeReady');
  const dataVolume = plan === undefined || plan.isInPlace ? status?.dataVolume : elsewhere;
  const isSame =
    before?.status === condition.status &&
    before.reason === condition.reason &&
    before.message === condition.message &&
    isDeepStrictEqual(dataVolume ?? {}, status?.dataVolume ?? {});
  if (isSame) return;
  const change = { fields: { dataVolume }, conditions: { DataVolumeReady: condition } };
  progress.project = await writeProjectStatus(context, 'dataVolume', progress.project, change, run);
}

interface Failure {
  said: Pick<ConditionValue, 'reason' | 'message'>;
  afterMs: number;
}

function describeError(error: unknown, { timings }: Context): Failure | undefined {
  if (isWaiting(error))
    return { said: { reason: 'Waiting', message: error.message }, afterMs: error.afterMs };
  if (isCloudError(error))
    return { said: { reason: 'CloudFailed', message: error.message }, afterMs: timings.retryMs };
  if (isSshError(error))
    return { said: { reason: 'MasterUnreachable', message: error.message }, afterMs: timings.pollMs };
  return undefined;
}
