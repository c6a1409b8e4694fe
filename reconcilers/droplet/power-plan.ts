import { findCondition } from '../../crds/conditions.ts';
import { drainOf, giveUpDrain, planDraining } from './drain-plan.ts';
import type { DropletPlan, PlanInput, Server } from './plan.ts';

/** The cloud's action that dropfleet asked for last on a server. */
export interface ServerAction {
  type: string;
  status: 'in-progress' | 'completed' | 'errored';
}

/** What a resize needs to know of a size. */
export interface SizeFacts {
  slug: string;
  /** GB. */
  disk: number;
  available: boolean;
  regions: readonly string[];
}

/**
 * Size and power of a server that exists and has booted. DigitalOcean resizes only what is off, so:
 *
 *     size  | power  | last action             | step
 *     ------+--------+-------------------------+-----------
 *     right | active | any                     | -
 *     right | off    | any                     | power on
 *     wrong | active | none of ours            | shut down, once drained (drain-plan.ts)
 *     wrong | active | shut down, still on     | wait: the guest has shutdownMs
 *     wrong | active | the same, for longer    | power off
 *     wrong | off    | not a failed resize     | resize
 *     wrong | off    | failed resize           | power on, and say why
 *
 * While the cloud is busy with the server (locked, or an action in progress) the step is to wait.
 */
export function planPower(input: PlanInput, server: Server): DropletPlan {
  const wanted = input.droplet.spec.size;
  if (server.locked || input.view.action?.status === 'in-progress') return busy(input, server);
  if (server.size !== wanted) return planResize(input, server);
  if (server.status === 'off')
    return { ...poweringOn(input, server), steps: [{ type: 'power-on', id: server.id }] };
  return {
    steps: [],
    phase: 'Active',
    provisioned: true,
    reason: 'Active',
    message: `droplet ${server.id} is active`,
  };
}

/** Whoever turned it off. The words are the same until it runs, so that waiting costs no write. */
const poweringOn = ({ timings }: PlanInput, { id }: Server): DropletPlan => ({
  steps: [],
  phase: 'PoweringOn',
  provisioned: false,
  reason: 'PoweringOn',
  message: `droplet ${id} is off; powering it on`,
  lookAgainMs: timings.pollMs,
});

function busy(input: PlanInput, server: Server): DropletPlan {
  const { droplet, view, timings } = input;
  const isOn = server.status === 'active';
  const isAsAsked = server.size === droplet.spec.size;
  if (isAsAsked && !isOn) return poweringOn(input, server);
  // The same words as while the guest is waited for when the cloud no longer is.
  if (!isAsAsked && isOn && view.action?.type === 'shutdown') return shuttingDown(input, server);
  return {
    steps: [],
    phase: isAsAsked ? 'Active' : 'Resizing',
    provisioned: isAsAsked,
    reason: isAsAsked ? 'Active' : 'Busy',
    message: `DigitalOcean is working on droplet ${server.id}`,
    lookAgainMs: timings.pollMs,
  };
}

function planResize(input: PlanInput, server: Server): DropletPlan {
  const wanted = input.droplet.spec.size;
  const problem =
    resizeProblem(server, wanted, input.sizes) ?? failedResize(input, server) ?? earlierRefusal(input);
  if (problem !== undefined) return refuse(input, server, problem);
  const drained = drainOf(input, server);
  if (drained === 'not yet') return planDraining(input, server, `stopped and resized to ${wanted}`);
  const { steps, ...plan } = planStop(input, server) ?? planResizeOf(input, server);
  // It is said of what stops the server, not of the waiting in between.
  const givenUp = steps.length > 0 ? giveUpDrain(input, drained) : [];
  return { ...plan, steps: [...givenUp, ...steps] };
}

function planResizeOf({ droplet, timings }: PlanInput, { id, size: before }: Server): DropletPlan {
  const { size } = droplet.spec;
  return {
    steps: [{ type: 'resize', id, size }],
    phase: 'Resizing',
    provisioned: false,
    reason: 'Resizing',
    message: `resizing droplet ${id} from ${before} to ${size}`,
    lookAgainMs: timings.pollMs,
  };
}

/**
 * How a server that is on gets to be off. The guest's time is counted by how long this process has seen its shutdown
 * with the server still on, so that neither another machine's clock nor an action of long ago cuts it short.
 */
function planStop(input: PlanInput, server: Server): DropletPlan | undefined {
  if (server.status === 'off') return undefined;
  const { view, actionSeenMs = 0, timings } = input;
  const plan = shuttingDown(input, server);
  if (view.action?.type !== 'shutdown') return { ...plan, steps: [{ type: 'shut-down', id: server.id }] };
  const left = timings.shutdownMs - actionSeenMs;
  if (left > 0) return { ...plan, lookAgainMs: Math.min(timings.pollMs, left) };
  return {
    ...plan,
    steps: [{ type: 'power-off', id: server.id }],
    message: `cutting the power of droplet ${server.id}, which did not shut down within ${seconds(timings)}`,
  };
}

const shuttingDown = ({ droplet, timings }: PlanInput, server: Server): DropletPlan => ({
  steps: [],
  phase: 'Resizing',
  provisioned: false,
  reason: 'Resizing',
  message:
    `shutting down droplet ${server.id}; power is cut after ${seconds(timings)}, ` +
    `and it is resized from ${server.size} to ${droplet.spec.size}`,
  lookAgainMs: timings.pollMs,
});

const seconds = ({ shutdownMs }: PlanInput['timings']): string => `${shutdownMs / 1_000} s`;

/** Why the cloud would not give this server that size; undefined when it would. */
export function resizeProblem(
  server: Pick<Server, 'disk' | 'region' | 'size'>,
  wanted: string,
  sizes: ReadonlyMap<string, SizeFacts>,
): string | undefined {
  const size = sizes.get(wanted);
  if (size === undefined) return sizes.size === 0 ? undefined : `DigitalOcean has no size ${wanted}`;
  if (size.disk < server.disk)
    return `${wanted} has a disk of ${size.disk} GB and the server's has ${server.disk} GB, and disks cannot shrink`;
  if (!size.available || !size.regions.includes(server.region))
    return `${wanted} is not to be had in ${server.region}`;
  return undefined;
}

function failedResize({ view }: PlanInput, server: Server): string | undefined {
  const failed = view.action?.type === 'resize' && view.action.status === 'errored';
  return failed && server.status === 'off' ? FAILED : undefined;
}

/**
 * A resize that failed is not tried again for the same generation: each try would power the server off. What
 * was said then is said again, until the spec changes.
 */
function earlierRefusal({ droplet: { metadata, status } }: PlanInput): string | undefined {
  if (status?.phase !== 'Failed' || status.observedGeneration !== metadata.generation) return undefined;
  const ready = findCondition(status.conditions, 'Ready');
  return ready?.reason === 'ResizeFailed' ? FAILED : undefined;
}

const FAILED = 'DigitalOcean could not carry the resize out';

/** The server keeps its old size and must at least run. */
function refuse(input: PlanInput, server: Server, problem: string): DropletPlan {
  const { size: wanted } = input.droplet.spec;
  return {
    steps: server.status === 'off' ? [{ type: 'power-on', id: server.id }] : [],
    phase: 'Failed',
    provisioned: server.status === 'active',
    reason: problem === FAILED ? 'ResizeFailed' : 'ResizeRefused',
    message: `cannot resize from ${server.size} to ${wanted}: ${problem}. Choose another size, or delete this Droplet to have it made anew`,
    lookAgainMs: input.timings.refusedMs,
  };
}
