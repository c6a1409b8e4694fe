import { findCondition } from '../../crds/conditions.ts';
import { isLiveTag, retiredAtOf, retiredAtTag, retiredTag, retiredUidOf } from '../../crds/cloud-tags.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { drainingSince } from '../draining/protocol.ts';
import { drainOfServer, planDraining, reportTimeout } from './drain-plan.ts';
import type { CloudView, DropletPlan, PlanInput, Recovery, Server } from './model.ts';

/** The reason of a plan that has another server take the place of the one that is there. */
export const REPLACING = 'Replacing';
/** The reason of a plan that cuts a server's power and gives it back. */
export const POWER_CYCLING = 'PowerCycling';

/**
 * Requests in flight to a server that its observers found dead get no answer any more: it is waited for only as long as
 * its load balancer takes to stop sending it others, ms, which that begins to do when the server is found unreachable.
 */
const DEAD_DRAIN_MS = 60_000;

/**
 * What status.recovery asks for, done to the server that it names:
 *
 *     step       | the server                  | step
 *     -----------+-----------------------------+--------------------------------------------
 *     any        | gets requests               | drain it first: see draining/protocol.ts
 *     PowerCycle | is on, and was not cycled   | cut its power and give it back, once
 *     PowerCycle | is being cycled             | wait
 *     PowerCycle | is off, or was cycled       | as without a recovery: see power-plan.ts
 *     Replace    | is on                       | power off
 *     Replace    | failed to power off         | the same, after a pause
 *     Replace    | is off, says the cloud now  | take its tags off: it is retired
 *     Replace    | is retired, and listed as   | wait for a list that shows it as it is
 *                |  this object's server still |
 *     Replace    | is retired, and runs again  | power off
 *     Replace    | is retired, and off         | launch another: see plan.ts
 *
 * While the cloud is busy with the server the step is to wait. No second server is asked for before the cloud itself has
 * said that the first is off.
 *
 * @returns undefined where there is nothing that a recovery asks for.
 */
export function planRecovery(input: PlanInput, server: Server): DropletPlan | undefined {
  if (isReplaced(input.droplet, server)) return planReplacement(input, server);
  const recovery = recoveryOf(input.droplet, 'PowerCycle');
  return recovery?.serverID === server.id ? planPowerCycle(input, server, recovery) : undefined;
}

/** The recovery that the status asks for, if it is that step. */
const recoveryOf = ({ status }: Droplet, step: Recovery['step']): Recovery | undefined =>
  status?.recovery?.step === step ? status.recovery : undefined;

/** Whether another server is to take that one's place; what has begun goes on whatever the status says by then. */
export const isReplaced = (droplet: Droplet, { id, tags }: Pick<Server, 'id' | 'tags'>): boolean =>
  recoveryOf(droplet, 'Replace')?.serverID === id || isRetired(droplet, tags);

/** Whether a server with these tags was the Droplet's. */
export const isRetired = ({ metadata }: Droplet, tags: readonly string[]): boolean =>
  retiredUidOf(tags.map(tag => tag.toLowerCase())) === metadata.uid;

/** The id of the server whose place is to be taken, while the status names none. */
export function replacedID(droplet: Droplet): number | undefined {
  const { id, formerIDs = [] } = droplet.status?.server ?? {};
  const { serverID } = recoveryOf(droplet, 'Replace') ?? {};
  return id === undefined && serverID !== undefined && formerIDs.includes(serverID) ? serverID : undefined;
}

/** What a new server boots from: what the recovery says as long as the server is not there that it asks for. */
export function imageOf(droplet: Droplet): string {
  const { id } = droplet.status?.server ?? {};
  const recovery = recoveryOf(droplet, 'Replace');
  const isMeant = recovery !== undefined && (recovery.serverID === id || replacedID(droplet) !== undefined);
  return (isMeant ? recovery.image : undefined) ?? droplet.spec.image;
}

function planPowerCycle(input: PlanInput, server: Server, { startedAt }: Recovery): DropletPlan | undefined {
  const { droplet, view, timings } = input;
  const wasAsked = droplet.status?.server?.cycledFor === startedAt;
  const isUnderWay = view.action?.type === 'power_cycle' && view.action.status === 'in-progress';
  if (server.status !== 'active' || (wasAsked && !isUnderWay)) return undefined;
  const plan: DropletPlan = {
    steps: [],
    phase: 'PoweringOn',
    provisioned: false,
    reason: POWER_CYCLING,
    message: `cutting the power of droplet ${server.id} and giving it back: ${causeOf(droplet)}`,
    requeueAfterMs: timings.pollMs,
  };
  if (isUnderWay || isBusy(input, server)) return plan;
  return afterDrain(input, server, 'power-cycled', {
    ...plan,
    steps: [{ type: 'power-cycle', id: server.id, recovery: startedAt }],
  });
}

function planReplacement(input: PlanInput, server: Server): DropletPlan {
  const { droplet, now, timings } = input;
  const { id, tags } = server;
  if (server.status !== 'off') return planFence(input, server);
  const plan: DropletPlan = { ...replacing(input, server), message: `droplet ${id} is off: ${KEPT_AWHILE}` };
  if (isBusy(input, server)) return plan;
  const since = retiredAtOf(tags) === undefined ? [retiredAtTag(now)] : [];
  const put = [retiredTag(droplet.metadata.uid!), ...since].filter(tag => !tags.includes(tag));
  return {
    ...plan,
    steps: [{ type: 'retire', id, put, off: tags.filter(isLiveTag) }],
    requeueAfterMs: timings.pollMs,
  };
}

const KEPT_AWHILE = 'it is kept for 24 hours, and another takes its place';

const replacing = ({ droplet, timings }: PlanInput, { id }: Server): DropletPlan => ({
  steps: [],
  phase: 'Replacing',
  provisioned: false,
  reason: REPLACING,
  message: `powering off droplet ${id} to replace it: ${causeOf(droplet)}`,
  requeueAfterMs: timings.pollMs,
});

/** How a server that is to be replaced gets to be off. */
function planFence(input: PlanInput, server: Server): DropletPlan {
  const { view, pausedMs = 0 } = input;
  const plan = replacing(input, server);
  if (isBusy(input, server)) return plan;
  const powerOff: DropletPlan = { ...plan, steps: [{ type: 'power-off', id: server.id }] };
  if (view.action?.type !== 'power_off' || view.action.status !== 'errored')
    return afterDrain(input, server, 'powered off and replaced', powerOff);
  return {
    ...powerOff,
    ...(pausedMs > 0 && { steps: [], requeueAfterMs: pausedMs }),
    phase: 'Failed',
    message:
      `DigitalOcean failed to power off droplet ${server.id}, and nothing takes its place before it is off: ` +
      'power it off in its console there. Retrying with backoff; "dropfleet orchestrate --force" retries now',
  };
}

/** The plan for a server whose place is free, but for that; undefined when another may be asked for. */
export function planSuccession(
  input: PlanInput,
  { server, isListed }: NonNullable<CloudView['retired']>,
): DropletPlan | undefined {
  if (server.status !== 'off') return planFence(input, server);
  if (!isListed) return undefined;
  return { ...replacing(input, server), message: `droplet ${server.id} is off: ${KEPT_AWHILE}` };
}

function afterDrain(input: PlanInput, server: Server, next: string, plan: DropletPlan): DropletPlan {
  const deadMs = deadDrainMs(input);
  const drainMs = Math.min(input.timings.drainMs, deadMs);
  const patient = { ...input, timings: { ...input.timings, drainMs } };
  const drained = drainOfServer(patient, server);
  if (drained === 'draining') return { ...planDraining(patient, next), reason: plan.reason };
  // Who is dead drops nothing any more.
  const givenUp = deadMs === Infinity ? reportTimeout(input, drained) : [];
  return { ...plan, steps: [...givenUp, ...plan.steps] };
}

/** What is left of the time for a dead server when its draining begins, in ms; Infinity for one that is not dead. */
function deadDrainMs({ droplet, now }: PlanInput): number {
  const healthy = findCondition(droplet.status?.conditions, 'Healthy');
  if (healthy?.status !== 'False') return Infinity;
  const foundMs = Date.parse(healthy.lastTransitionTime);
  return Math.max(0, foundMs + DEAD_DRAIN_MS - drainingSince({ droplet, now }));
}

const isBusy = ({ view }: PlanInput, { locked }: Server): boolean =>
  locked || view.action?.status === 'in-progress';

const causeOf = ({ status }: Droplet): string => status?.recovery?.cause ?? 'its replacement has begun';
