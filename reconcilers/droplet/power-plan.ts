import type { Droplet } from '../../crds/droplet.ts';
import { RECONCILE_ANNOTATION } from '../../crds/names.ts';
import type { DropletPlan, PlanInput, ResizeRefusal, Server, ServerStatus, SizeFacts } from './model.ts';
import { drainOfServer, planDraining, reportTimeout } from './drain-plan.ts';

/**
 * Size and power of a server that exists and has booted. DigitalOcean resizes only what is off, so:
 *
 *     size  | power  | last action             | step
 *     ------+--------+-------------------------+-----------
 *     right | active | any                     | -
 *     right | off    | any but the next       | power on
 *     right | off    | failed to power on      | the same, after a pause
 *     wrong | active | none of ours            | shut down, once drained (draining/protocol.ts)
 *     wrong | active | shut down, still on     | wait: the guest has shutdownMs
 *     wrong | active | the same, for longer    | power off
 *     wrong | active | failed to power off     | the same, after a pause
 *     wrong | off    | none that says no       | resize
 *     wrong | off    | refused or failed resize| power on, and say why
 *     wrong | active | refused or failed resize| -, until another size or --force
 *
 * While the cloud is busy with the server (locked, or an action in progress) the step is to wait.
 */
export function planPower(input: PlanInput, server: Server): DropletPlan {
  const wanted = input.droplet.spec.size;
  if (server.locked || input.view.action?.status === 'in-progress') return busy(input, server);
  if (server.size !== wanted) return planResize(input, server);
  if (server.status === 'off')
    return powerOnFailed(input)
      ? afterFailedPowerOn(input, server)
      : { ...poweringOn(input, server), steps: [{ type: 'power-on', id: server.id }] };
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
  requeueAfterMs: timings.pollMs,
});

const powerOnFailed = ({ view }: PlanInput): boolean =>
  view.action?.type === 'power_on' && view.action.status === 'errored';

/** Asked for again after a pause, which grows with every time. */
function afterFailedPowerOn(input: PlanInput, server: Server): DropletPlan {
  const { pausedMs = 0, timings } = input;
  return {
    ...poweringOn(input, server),
    steps: pausedMs > 0 ? [] : [{ type: 'power-on', id: server.id }],
    phase: 'Failed',
    reason: 'PowerOnFailed',
    message:
      `DigitalOcean failed to power on droplet ${server.id}: see its console and history there. Retrying with backoff; ` +
      '"dropfleet orchestrate --force" retries now',
    requeueAfterMs: pausedMs > 0 ? pausedMs : timings.pollMs,
  };
}

function busy(input: PlanInput, server: Server): DropletPlan {
  const { droplet, view, timings } = input;
  const isOn = server.status === 'active';
  const isAsAsked = server.size === droplet.spec.size;
  if (isAsAsked && !isOn) return poweringOn(input, server);
  const refusal = isAsAsked || view.action?.type === 'resize' ? undefined : refusalOf(input, server);
  if (refusal !== undefined)
    return { ...refuse(input, server, refusal), steps: [], requeueAfterMs: timings.pollMs };
  // The same words as while the guest is waited for when the cloud no longer is.
  if (!isAsAsked && isOn && view.action?.type === 'shutdown') return shuttingDown(input, server);
  return {
    steps: [],
    phase: isAsAsked ? 'Active' : 'Resizing',
    provisioned: isAsAsked,
    reason: isAsAsked ? 'Active' : 'Busy',
    message: `waiting for the action in progress on droplet ${server.id}`,
    requeueAfterMs: timings.pollMs,
  };
}

function planResize(input: PlanInput, server: Server): DropletPlan {
  const wanted = input.droplet.spec.size;
  const refusal = refusalOf(input, server);
  if (refusal !== undefined) return refuse(input, server, refusal);
  const drained = drainOfServer(input, server);
  if (drained === 'draining') return planDraining(input, `stopped and resized to ${wanted}`);
  const { steps, ...plan } = planStop(input, server) ?? planResizeOf(input, server);
  // It is said of what stops the server, not of the waiting in between.
  const givenUp = steps.length > 0 ? reportTimeout(input, drained) : [];
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
    requeueAfterMs: timings.pollMs,
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
  if (view.action?.type === 'power_off' && view.action.status === 'errored')
    return afterFailedPowerOff(input, server);
  if (view.action?.type !== 'shutdown') return { ...plan, steps: [{ type: 'shut-down', id: server.id }] };
  const left = timings.shutdownMs - actionSeenMs;
  if (left > 0) return { ...plan, requeueAfterMs: Math.min(timings.pollMs, left) };
  return {
    ...plan,
    steps: [{ type: 'power-off', id: server.id }],
    message: `powering off droplet ${server.id}, which did not shut down within ${seconds(timings)}`,
  };
}

/** The guest had its time. */
function afterFailedPowerOff(input: PlanInput, server: Server): DropletPlan {
  const { pausedMs = 0, timings } = input;
  return {
    ...shuttingDown(input, server),
    steps: pausedMs > 0 ? [] : [{ type: 'power-off', id: server.id }],
    message: `DigitalOcean failed to power off droplet ${server.id}; retrying with backoff`,
    requeueAfterMs: pausedMs > 0 ? pausedMs : timings.pollMs,
  };
}

const shuttingDown = ({ droplet, timings }: PlanInput, server: Server): DropletPlan => ({
  steps: [],
  phase: 'Resizing',
  provisioned: false,
  reason: 'Resizing',
  message:
    `shutting down droplet ${server.id} to resize it from ${server.size} to ${droplet.spec.size}; ` +
    `powered off after ${seconds(timings)}`,
  requeueAfterMs: timings.pollMs,
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
    return `${wanted} has a disk of ${size.disk} GB, less than the server's ${server.disk} GB; disks cannot shrink`;
  if (!size.available || !size.regions.includes(server.region))
    return `${wanted} is not available in ${server.region}`;
  return undefined;
}

function refusalOf(input: PlanInput, server: Server): ResizeRefusal | undefined {
  const problem = resizeProblem(server, input.droplet.spec.size, input.sizes);
  if (problem !== undefined) return { reason: 'ResizeRefused', message: problem };
  return rememberedRefusal(input.droplet) ?? failedResize(input);
}

/**
 * What was asked for is not asked for again for the same size, as each try stops the server, until a person asks by the
 * annotation. It stands in the status, so that a restart is no reason to try again either.
 */
export function rememberedRefusal(droplet: Droplet): ResizeRefusal | undefined {
  const { reason, message = '' } = lastAttempt(droplet) ?? {};
  return reason && { reason, message };
}

/** How a resize to the size that the spec has now went, as a person last asked for it. */
function lastAttempt({ metadata, spec, status }: Droplet): ServerStatus['resize'] {
  const { resize } = status?.server ?? {};
  const isSame =
    resize?.size === spec.size && resize.request === metadata.annotations?.[RECONCILE_ANNOTATION];
  return isSame ? resize : undefined;
}

function failedResize({ droplet, view }: PlanInput): ResizeRefusal | undefined {
  const hasFailed = view.action?.type === 'resize' && view.action.status === 'errored';
  if (!hasFailed || lastAttempt(droplet) === undefined) return undefined;
  return { reason: 'ResizeFailed', message: 'the resize failed at DigitalOcean' };
}

/** The server keeps its old size and must at least run. */
function refuse(input: PlanInput, server: Server, refusal: ResizeRefusal): DropletPlan {
  const { droplet, sizes, timings } = input;
  const { size: wanted } = droplet.spec;
  const isOff = server.status === 'off';
  const isNews = refusal.reason === 'ResizeFailed' && rememberedRefusal(droplet) === undefined;
  // What the list of sizes says may change by itself; what DigitalOcean answered waits for a person.
  const isListed = resizeProblem(server, wanted, sizes) !== undefined;
  const requeueAfterMs = isOff ? timings.pollMs : isListed ? timings.slowestRefusedMs : undefined;
  return {
    steps: [
      ...(isNews ? [{ type: 'remember-refusal' as const, refusal }] : []),
      ...(isOff ? [{ type: 'power-on' as const, id: server.id }] : []),
    ],
    phase: 'Failed',
    provisioned: !isOff,
    reason: refusal.reason,
    message:
      `cannot resize from ${server.size} to ${wanted}: ${refusal.message.replace(/\.$/, '')}. Choose another size` +
      (isListed ? '. ' : ', or retry with "dropfleet orchestrate --force". ') +
      'Deleting this Droplet loses its disk, and recreates the server with that size',
    ...(requeueAfterMs !== undefined && { requeueAfterMs }),
  };
}
