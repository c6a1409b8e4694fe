import { isDeepStrictEqual } from 'node:util';
import { isCloudError, isCloudNotFound, isPendingEvent } from '../../clients/digitalocean/errors.ts';
import type { ConditionValue } from '../../crds/conditions.ts';
import { findCondition } from '../../crds/conditions.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import type { Project } from '../../crds/project.ts';
import { execute, type Executors } from '../executors.ts';
import { masterOf, masterServer, observeHolder } from '../master/observe.ts';
import { isWaiting, Waiting, type Outcome } from '../outcome.ts';
import type { Run } from '../run.ts';
import { writeProjectStatus } from '../status/write.ts';
import { recordAddress } from './address-record.ts';
import type { Context } from './concern.ts';
import { effectsOf } from './effects-plan.ts';
import {
  planReservedIP,
  type ReservedIPInput,
  type ReservedIPPlan,
  type ReservedIPStatus,
  type ReservedIPStep,
} from './plan.ts';

/** Gives a project the reserved IP that it asks for, and has it lead to the master. */
export async function reconcileReservedIP(
  context: Context,
  key: ObjectKey,
  project: Project | undefined,
  run: Run,
): Promise<Outcome> {
  const isConcerned = project?.spec.reservedIP === true || project?.status?.reservedIP !== undefined;
  if (project === undefined || project.metadata.deletionTimestamp !== undefined || !isConcerned) {
    await context.gate.ask(askOf(key), run);
    return undefined;
  }
  const { timings, servers } = context;
  if (project.spec.suspend) return undefined;
  if (servers.lastListStartedAt() === undefined) return { requeueAfterMs: timings.pollMs };
  const progress: Progress = { project };
  try {
    return await converge(context, progress, run);
  } catch (error) {
    run.signal.throwIfAborted();
    if (isWaiting(error)) return { requeueAfterMs: error.afterMs };
    if (!isCloudError(error)) throw error;
    // An address that led to the master when it was last seen is not said to be elsewhere because the cloud is silent.
    if (ready(progress.project)?.status !== 'True')
      await report(context, progress, no('CloudFailed', error.message), run);
    return { requeueAfterMs: timings.retryMs };
  }
}

/** A project's address being worked on: the Project as last written. */
interface Progress {
  project: Project;
}

async function converge(context: Context, progress: Progress, run: Run): Promise<Outcome> {
  const { timings } = context;
  const { project } = progress;
  const plan = planReservedIP(await observe(context, project, run.signal));
  const answer = await context.gate.ask(askOf(keyOf(project), project, plan), run);
  const held = answer.type === 'hold' ? no(answer.reason, answer.message) : undefined;
  await report(context, progress, held ?? plan.condition, run);
  if (answer.type === 'wait') return { requeueAfterMs: answer.ms };
  if (held !== undefined) return { requeueAfterMs: timings.retryMs };
  if (plan.step !== undefined) await applyStep(plan.step, progress, context, run);
  return plan.pace === undefined ? undefined : { requeueAfterMs: timings[`${plan.pace}Ms`] };
}

async function observe(context: Context, project: Project, signal: AbortSignal): Promise<ReservedIPInput> {
  const { cloud, projects, since, timings } = context;
  const droplet = masterOf(context, project);
  const master = droplet && masterServer(context, droplet);
  const status = project.status?.reservedIP ?? {};
  const others = new Set(
    projects
      .list()
      .filter(({ metadata }) => metadata.uid !== project.metadata.uid)
      .map(other => other.status?.reservedIP?.address),
  );
  const addresses = (await cloud.listReservedIPs(signal)).filter(({ address }) => !others.has(address));
  const leadsTo = addresses.find(({ address }) => address === status.address)?.dropletId;
  const isElsewhere = leadsTo !== undefined && leadsTo !== master?.id;
  const holder = isElsewhere ? await observeHolder(context, droplet, leadsTo, signal) : undefined;
  const requested = `${status.requestedFor}`;
  return {
    isWanted: project.spec.reservedIP === true,
    status,
    addresses,
    ...(master && { master }),
    ...(holder && { holder }),
    isGraceOver: since.ageMs(requestKey(project), requested) >= timings.graceMs,
  };
}

/** Where it is remembered since when a request is known of. */
const requestKey = ({ metadata }: Project): string => `${metadata.uid} reserved IP`;

const executors: Executors<ReservedIPStep, [progress: Progress, context: Context, run: Run]> = {
  create: async ({ for: droplet }, progress, context, run) => await create(droplet, progress, context, run),
  'create-again': async ({ for: droplet }, progress, context, run) =>
    await create(droplet, progress, context, run),
  adopt: ({ address }, progress, context, run) =>
    note(progress, { ...progress.project.status?.reservedIP, address }, context, run),
  assign: async ({ address, to }, progress, context, run) => {
    const { serverID: _former, ...rest } = progress.project.status!.reservedIP!;
    await note(progress, rest, context, run);
    await run.fenced(signal => context.cloud.assignReservedIP(address, to, signal));
    run.log.info(`having ${address} lead to droplet ${to}`);
  },
  arrive: async ({ at }, progress, context, run) => {
    const status = progress.project.status!.reservedIP!;
    await note(progress, { ...status, serverID: at }, context, run);
    const message = `${status.address} leads to droplet ${at}`;
    context.events.record(progress.project, 'Normal', 'ReservedIPAssigned', message);
  },
  release: async ({ address }, progress, context, run) => {
    try {
      await run.fenced(signal => context.cloud.deleteReservedIP(address, signal));
    } catch (error) {
      if (!isCloudNotFound(error)) throw error;
    }
    await note(progress, undefined, context, run);
  },
  forget: (_step, progress, context, run) => note(progress, undefined, context, run),
};

async function applyStep(
  step: ReservedIPStep,
  progress: Progress,
  context: Context,
  run: Run,
): Promise<void> {
  try {
    await execute(executors, step, progress, context, run);
  } catch (error) {
    if (!isPendingEvent(error)) throw error;
    throw new Waiting('DigitalOcean is at work on the address or its droplet', context.timings.pollMs);
  }
}

/** The wish is written down first: whoever comes next knows that an address may be there. */
async function create(droplet: number, progress: Progress, context: Context, run: Run): Promise<void> {
  const { project } = progress;
  await note(progress, { requestedFor: droplet }, context, run);
  context.since.forget(requestKey(project));
  context.since.ageMs(requestKey(project), `${droplet}`);
  const { address } = await run.fenced(signal => context.cloud.createReservedIP(droplet, signal));
  await note(progress, { requestedFor: droplet, address }, context, run);
}

/** @param reservedIP undefined when there is nothing to be said of one any more. */
async function note(
  progress: Progress,
  reservedIP: ReservedIPStatus | undefined,
  context: Context,
  run: Run,
): Promise<void> {
  const before = progress.project.status?.reservedIP;
  if (isDeepStrictEqual(reservedIP, before)) return;
  // Before the status: it outlives the Project, and is written again when this was cut off in between.
  if (reservedIP?.address !== before?.address)
    await record(
      progress.project,
      reservedIP?.address ?? before!.address!,
      reservedIP !== undefined,
      context,
      run,
    );
  const change = { fields: { reservedIP } };
  progress.project = await writeProjectStatus(context, 'reservedIP', progress.project, change, run);
}

/** For `cleanup`, should the Project go. */
const record = (
  project: Project,
  address: string,
  isKept: boolean,
  { kubernetes, namespace }: Context,
  run: Run,
): Promise<void> => {
  const owner = { uid: project.metadata.uid!, project: keyOf(project) };
  return recordAddress(kubernetes, namespace, address, isKept ? owner : undefined, run.signal);
};

const ready = ({ status }: Project) => findCondition(status?.conditions, 'ReservedIPReady');

/** Only what is news is written. */
async function report(
  context: Context,
  progress: Progress,
  condition: ConditionValue | undefined,
  run: Run,
): Promise<void> {
  const before = ready(progress.project);
  if (before?.status === condition?.status && before?.message === condition?.message) return;
  const change = { conditions: { ReservedIPReady: condition } };
  progress.project = await writeProjectStatus(context, 'reservedIP', progress.project, change, run);
}

const no = (reason: string, message: string): ConditionValue => ({ status: 'False', reason, message });

/** Without a plan it is taken back. */
function askOf(key: ObjectKey, project?: Project, plan?: ReservedIPPlan) {
  const asker = `reserved IP ${key}`;
  const effects = project === undefined ? [] : effectsOf(project, plan?.step);
  const objects = project === undefined ? [] : [project];
  return { asker, group: asker, effects, objects, believedAfterMs: 0 };
}

/** The Projects among those who asked the gate on behalf of their addresses. */
export const addressOwnersAmong = (askers: readonly string[]): ObjectKey[] =>
  askers.flatMap(asker => /^reserved IP (\S+)/.exec(asker)?.[1] ?? []);
