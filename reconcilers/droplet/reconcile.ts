import { isDeepStrictEqual } from 'node:util';
import {
  isCloudUnreachable,
  isInvalidKey,
  isOverLimit,
  isPendingEvent,
  isRefused,
  isUnauthorized,
} from '../../clients/digitalocean/errors.ts';
import { sleep } from '../../clients/clock.ts';
import { isConflict } from '../../clients/kubernetes/errors.ts';
import { DROPLETS } from '../../clients/kubernetes/kinds.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import { ADOPT_ANNOTATION } from '../../crds/names.ts';
import { projectKeyOf } from '../context.ts';
import type { Run } from '../run.ts';
import { Waiting, isWaiting, type Outcome } from '../outcome.ts';
import { writeDropletStatus } from '../status/write.ts';
import { applyStep, ownTags, type DropletApply } from './apply.ts';
import type { Context } from './concern.ts';
import { takeOffExpired } from '../gate/gate.ts';
import { buysFirst } from './effects-plan.ts';
import { observeBalancer, observeCloud, observeOrphans } from './observe.ts';
import { withLastSnapshots } from './last-snapshots.ts';
import { passGate, withdraw, type PassedPlan } from './pass.ts';
import { heldMs, noteFailedAction, pauseAfter, pausedMs } from './patience.ts';
import type { CloudView, DropletPlan, PlanInput } from './model.ts';
import { planDroplet } from './plan.ts';
import { howToMakeRoom, keptServers } from '../retired/plan.ts';
import { imageOf, REPLACING } from './recovery-plan.ts';
import { actionSeenMs, forgetActions, withoutOldAction, withoutOldResize } from './power-memory.ts';
import { dropletChange, withServer } from './status.ts';

/** Observe, plan, apply, and say in the status how it went. */
export async function reconcileDroplet(
  context: Context,
  key: ObjectKey,
  droplet: Droplet | undefined,
  run: Run,
): Promise<Outcome> {
  if (droplet === undefined) return await forgetDroplet(context, key, run);
  const progress: DropletApply = { droplet, server: droplet.status?.server ?? {}, finished: false };
  try {
    const plan = await converge(context, progress, run);
    if ('waitMs' in plan) return { requeueAfterMs: plan.waitMs };
    // What was said of the failure still holds.
    if (progress.heldMs) return { requeueAfterMs: progress.heldMs };
    await report(context, progress, plan, run);
    return plan.requeueAfterMs === undefined ? undefined : { requeueAfterMs: plan.requeueAfterMs };
  } catch (error) {
    if (run.signal.aborted) throw error;
    const failure = describeError(error, progress, context);
    // After a conflict the object is not what was planned for, so neither is what would be said of it. And a server
    // that ran when it was last seen is not said to be otherwise because the cloud is silent.
    const isReported = !isConflict(error) && failure.phase !== 'Active';
    await (isReported ? report(context, progress, failure, run) : noteResults(context, progress, run));
    if (isConflict(error)) throw error;
    if (failure.phase === 'Failed') context.servers.setMoving(key, false);
    if (failure.requeueAfterMs === undefined) throw error;
    if (!EXPECTED.has(failure.reason))
      run.log.warn(failure.message, { againInMs: Math.round(failure.requeueAfterMs) });
    throw new Waiting(failure.message, failure.requeueAfterMs);
  }
}

/** What was asked for on its behalf is asked for no more. */
async function forgetDroplet(context: Context, key: ObjectKey, run: Run): Promise<undefined> {
  context.servers.setMoving(key, false);
  forgetActions(context, key);
  context.pauses.forget(key);
  await withdraw(context, key, run);
}

/** What passes by itself within moments, and needs no word in the log. */
const EXPECTED: ReadonlySet<string> = new Set(['Busy', 'KeyNotReady']);

async function converge(
  context: Context,
  progress: DropletApply,
  run: Run,
): Promise<PassedPlan | { waitMs: number }> {
  const { droplet } = progress;
  await firstList(context, run.signal);
  await takeOffExpired(context.kubernetes, droplet, context.clock.now(), run);
  const view = await observeCloud(context, droplet, run.signal);
  progress.server = withoutOldAction(
    withoutOldResize(withServer(progress.server, view.server), droplet),
    view,
    droplet,
  );
  const balancer = observeBalancer(context, droplet);
  if (view.notFound && droplet.metadata.deletionTimestamp === undefined)
    context.events.record(droplet, 'Warning', 'Vanished', `droplet ${droplet.status?.server?.id} is gone`);
  noteFailedAction(context, droplet, view);
  const shortage = view.server === undefined ? context.room.shortage(keyOf(droplet)) : undefined;
  const input = {
    droplet,
    view,
    ...(shortage !== undefined && { shortage, kept: keptServers(context.servers.list()) }),
    ...(balancer && { balancer }),
    suspended: context.projects.get(projectKeyOf(droplet))?.spec.suspend ?? false,
    sizes: await knownSizes(context, droplet, run.signal),
    tags: ownTags(droplet, context),
    actionSeenMs: actionSeenMs(context, droplet, view),
    pausedMs: pausedMs(context, droplet),
    now: context.clock.now(),
    timings: context.timings,
  };
  return await carryOut(input, progress, context, run);
}

async function carryOut(
  input: PlanInput,
  progress: DropletApply,
  context: Context,
  run: Run,
): Promise<PassedPlan | { waitMs: number }> {
  const planned = planDroplet(input);
  const held = heldMs(context, input.droplet, planned);
  if (input.view.server !== undefined && !planned.provisioned) progress.seen = planned;
  progress.heldMs = held;
  if (held > 0) {
    context.servers.setMoving(keyOf(input.droplet), false);
    return planned;
  }
  const passed = await passGate(
    context,
    input.droplet,
    await evidenceFor(planned, input, context, run),
    planned,
    run,
  );
  if ('waitMs' in passed) return passed;
  progress.asked = true;
  const plan = await withLastSnapshots(context, progress, input.view, passed, run);
  context.servers.setMoving(keyOf(input.droplet), isMoving(plan));
  for (const step of plan.steps) await applyStep(step, progress, context, run);
  await takeOffClaim(context, progress, input.view, run);
  if (plan.provisioned) context.pauses.forget(keyOf(input.droplet));
  const isRefused = plan.steps.some(step => step.type === 'resize') && progress.server.resize?.reason;
  if (!isRefused) return plan;
  // The server was stopped for nothing, and must run again.
  const status = { ...progress.droplet.status, server: progress.server };
  const droplet = { ...progress.droplet, status };
  return await carryOut({ ...input, droplet }, progress, context, run);
}

/** What the cloud holds; before a server is bought that is not in place of one that is gone, also what speaks against it. */
async function evidenceFor(
  plan: DropletPlan,
  { droplet, view }: PlanInput,
  context: Context,
  { signal }: Run,
): Promise<CloudView> {
  return buysFirst(view, plan) ? { ...view, ...(await observeOrphans(context, droplet, signal)) } : view;
}

/**
 * The word that let a server be taken over is used up once the status, as stored, names the server and its tags say
 * the same: else, when that server is gone one day, it would be waited for instead of replaced.
 */
async function takeOffClaim(
  { kubernetes }: Context,
  progress: DropletApply,
  { server }: CloudView,
  run: Run,
): Promise<void> {
  const { metadata, status } = progress.droplet;
  const claimed = metadata.annotations?.[ADOPT_ANNOTATION];
  if (progress.finished || claimed === undefined || metadata.deletionTimestamp !== undefined) return;
  if (server === undefined || claimed !== String(status?.server?.id) || server.id !== status?.server?.id)
    return;
  const { uid, resourceVersion } = metadata;
  const patch = { metadata: { uid, resourceVersion, annotations: { [ADOPT_ANNOTATION]: null } } };
  progress.droplet = await kubernetes.patch(DROPLETS, keyOf(progress.droplet), patch, { signal: run.signal });
  run.wrote(progress.droplet);
}

/**
 * Without any list of the fleet nothing is known, and nothing may be done. The first one comes within a moment
 * of the start, so it is worth waiting for, but not longer than a person would for a word about it.
 */
async function firstList({ clock, servers, timings }: Context, signal: AbortSignal): Promise<void> {
  if (servers.lastListStartedAt() !== undefined) return;
  const waited = new AbortController();
  const both = AbortSignal.any([signal, waited.signal]);
  const patience = sleep(clock, timings.pollMs, both).catch(() => undefined);
  await Promise.race([servers.synced(both).catch(() => undefined), patience]);
  waited.abort();
  signal.throwIfAborted();
  if (servers.lastListStartedAt() === undefined)
    throw new Waiting(`waiting for the first list of droplets: ${servers.healthy().message}`, timings.pollMs);
}

/** Sizes matter only to a droplet whose size is wrong; then they are worth a call. */
async function knownSizes(context: Context, droplet: Droplet, signal: AbortSignal) {
  const size = droplet.status?.server?.size;
  const isResize = size !== undefined && size !== droplet.spec.size;
  return isResize ? await context.sizes.load(signal) : context.sizes.known();
}

/** A droplet that waits for a person, as a failed or suspended one, or for visitors, is no reason to list often. */
const isMoving = ({ requeueAfterMs, phase, held }: PassedPlan): boolean =>
  requeueAfterMs !== undefined &&
  held === undefined &&
  phase !== 'Active' &&
  phase !== 'Draining' &&
  phase !== 'Failed';

/** Says so in the status; what was done is known of the server from then on, whoever else writes to the object. */
async function report(
  context: Context,
  progress: DropletApply,
  state: Omit<PassedPlan, 'steps'>,
  run: Run,
): Promise<void> {
  if (progress.finished) return;
  const before = progress.droplet.status?.phase;
  const change = dropletChange(progress.droplet, progress.server, state);
  progress.droplet = await writeDropletStatus(context, 'droplet', progress.droplet, change, run);
  if (before !== state.phase) announce(context, progress.droplet, state, run);
}

/** Notes what was done, where there is nothing to say of how the server is. */
async function noteResults(context: Context, { asked, droplet, server, finished }: DropletApply, run: Run) {
  const isNews = !isDeepStrictEqual(server, droplet.status?.server ?? {});
  if (asked && isNews && !finished)
    await writeDropletStatus(context, 'droplet', droplet, { fields: { server } }, run);
}

function announce({ events }: Context, droplet: Droplet, state: Omit<DropletPlan, 'steps'>, run: Run): void {
  run.log.info(`${state.phase}: ${state.message}`);
  if (state.phase === 'Active') events.record(droplet, 'Normal', 'Active', state.message);
  if (state.phase === 'Failed') events.record(droplet, 'Warning', state.reason, state.message);
}

/**
 * What the status says when a step failed. With `requeueAfterMs` the cause is outside and known, and the next try
 * has its time; without, the failure counts as an error and is tried again with growing pauses.
 */
function describeError(
  error: unknown,
  { server, droplet, seen, asked }: DropletApply,
  context: Context,
): Omit<DropletPlan, 'steps'> {
  const { timings } = context;
  const message = (error instanceof Error ? error.message : String(error)) + whatWaits(seen, server);
  const isDeleted = droplet.metadata.deletionTimestamp !== undefined;
  const phase = isDeleted ? 'Deleting' : (seen?.phase ?? droplet.status?.phase ?? 'Pending');
  const base = { phase, provisioned: seen?.provisioned ?? isProvisioned(droplet), message };
  if (isWaiting(error)) return { ...base, reason: 'CloudUnreachable', requeueAfterMs: error.afterMs };
  if (isInvalidKey(error)) return { ...base, reason: 'KeyNotReady', requeueAfterMs: timings.pollMs };
  if (isPendingEvent(error)) return { ...base, reason: 'Busy', requeueAfterMs: timings.pollMs };
  const hasServer = server.id !== undefined;
  const pause = asked ? pauseAfter(error, context, droplet, hasServer) : undefined;
  const again = pause === undefined ? {} : { requeueAfterMs: pause };
  if (isRefused(error)) {
    const what = hasServer ? message : `${message} (${requestOf(droplet)})`;
    const kept = isOverLimit(error) ? keptServers(context.servers.list()) : [];
    const toDo = kept.length > 0 ? howToMakeRoom(kept) : 'fix what it names';
    return {
      ...base,
      phase: 'Failed',
      reason: 'Refused',
      message: `${what}; ${toDo}. ${RETRYING}`,
      ...again,
    };
  }
  if (isUnauthorized(error)) return { ...base, reason: 'Unauthorized' };
  if (isCloudUnreachable(error)) return { ...base, reason: 'CloudUnreachable', ...again };
  return { ...base, reason: 'Error', ...again };
}

/** A server that is to be replaced and cannot be stopped keeps its place. */
const whatWaits = (seen: DropletApply['seen'], { id }: DropletApply['server']): string =>
  seen?.reason === REPLACING
    ? `; nothing takes the place of droplet ${id} before it is off: power it off at DigitalOcean if this goes on`
    : '';

const RETRYING = 'Retrying with backoff; "dropfleet orchestrate --force" retries now';

/** The cloud's refusal names the field at most, and never its value. */
const requestOf = (droplet: Droplet): string =>
  `size ${droplet.spec.size}, image ${imageOf(droplet)}, region ${droplet.spec.region}`;

const isProvisioned = ({ status }: Droplet): boolean =>
  status?.conditions?.some(({ type, status: holds }) => type === 'Provisioned' && holds === 'True') ?? false;
