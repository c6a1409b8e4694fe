import { isOwnerTag, nonceOf } from '../../crds/cloud-tags.ts';
import { ADOPT_ANNOTATION, DROPLET_FINALIZER, LOAD_BALANCER_FINALIZER } from '../../crds/names.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { immutableProblem } from '../../crds/immutable.ts';
import { drainOfServer, planDraining, reportTimeout } from './drain-plan.ts';
import type { Claim, CloudView, DropletPlan, DropletStep, PlanInput, Server } from './model.ts';
import { howToMakeRoom } from '../retired/plan.ts';
import { planPower } from './power-plan.ts';
import { isReplaced, planRecovery, planSuccession } from './recovery-plan.ts';

/**
 * What brings one Droplet and its server together. A server is this object's only while its own tags say so.
 *
 *     object   | in the cloud                   | step
 *     ---------+--------------------------------+--------------------------------------
 *     any      | the id is not this object's    | another that is: adopt that; else wait for a person
 *     live, with a spec that was forbidden     | wait for a person
 *     live, to take over a server              | put the tags on it, adopt it; or say why not
 *     live     | its server is gone, says one   | wait: the cloud may be wrong for a minute
 *              | list                           |
 *     live     | nothing, never asked for       | launch
 *     live     | nothing, asked for in the grace| wait: lists lag, a lost reply may show up
 *     live     | nothing, grace over            | launch again, with another nonce
 *     live     | one that carries our uid       | adopt it
 *     live     | several that carry our uid     | keep one, destroy the others
 *     live     | one that lacks a tag of ours   | put it on
 *     live     | new or locked                  | wait
 *     live     | one that a recovery names, or  | see recovery-plan.ts
 *              |  that was retired              |
 *     live     | another size, or off           | see power-plan.ts
 *     live     | active, as asked               | -
 *     deleted  | one that a person wants to keep| wait until it has another object
 *     deleted  | one that gets requests         | drain it first: see draining/protocol.ts
 *     deleted  | any                            | destroy each
 *     deleted  | nothing, asked for in the grace| wait: it may show up
 *     deleted  | nothing                        | remove the finalizer
 */
export function planDroplet(input: PlanInput): DropletPlan {
  const { droplet, view } = input;
  const isLeaving = droplet.metadata.deletionTimestamp !== undefined;
  // Its own server that lost its tags is no stranger to whom a person names it.
  const isClaimed = view.claim !== undefined && !isLeaving;
  if (view.foreign !== undefined && view.server === undefined && !isClaimed)
    return planForeign(input, view.foreign);
  if (isLeaving) return isWanted(input) ? planKept(input) : planDeletion(input);
  if (input.suspended) return planSuspended(view);
  if (view.claim !== undefined && view.server === undefined) return planTakeOver(input, view.claim);
  if (view.missing !== undefined) return planMissing(input, view.missing);
  const problem = immutableProblem(droplet, view.server?.region);
  if (problem !== undefined) return planInvalid(view, problem);
  const finalizer: DropletStep[] = hasFinalizer(droplet) ? [] : [{ type: 'add-finalizer' }];
  const duplicates: DropletStep[] = view.duplicates.map(({ id }) => ({ type: 'destroy', id }));
  const plan = view.server === undefined ? planAbsent(input) : planPresent(input, view.server);
  return { ...plan, steps: [...finalizer, ...duplicates, ...plan.steps] };
}

function planAbsent(input: PlanInput): DropletPlan {
  const { spec, status } = input.droplet;
  const succession = input.view.retired && planSuccession(input, input.view.retired);
  if (succession !== undefined) return succession;
  const asked: DropletPlan = {
    steps: [],
    phase: 'Creating',
    provisioned: false,
    reason: 'Creating',
    message: `creating a droplet of size ${spec.size} in ${spec.region}`,
    requeueAfterMs: input.timings.pollMs,
  };
  if (!mayStillAppear(input))
    return input.shortage === undefined
      ? { ...asked, steps: [{ type: 'launch' }] }
      : planNoRoom(input, input.shortage);
  // Waiting for the list is no news: the same words again cost no write.
  if (status?.server?.id !== undefined) return asked;
  return { ...asked, message: 'create sent but not confirmed; waiting for DigitalOcean to list the droplet' };
}

/** What would surely be refused is not asked for. */
const planNoRoom = ({ timings, kept = [] }: PlanInput, shortage: string): DropletPlan => ({
  steps: [],
  phase: 'Failed',
  provisioned: false,
  reason: 'AccountLimit',
  message: `droplet limit reached: ${shortage}; ${howToMakeRoom(kept)}`,
  requeueAfterMs: timings.refusedMs,
});

/**
 * Whether a server that was asked for and is not to be seen may show up yet. Only a list that began when this process
 * had known of the request for the whole grace period, or the cloud's own lasting "not found" for a known id, is proof
 * that it will not.
 */
export function mayStillAppear({
  droplet,
  view,
  timings,
}: Pick<PlanInput, 'droplet' | 'view' | 'timings'>): boolean {
  const { nonce } = droplet.status?.server ?? {};
  // The server of the last request is known: it is the one that was retired. Its nonce says so, and not the id that the
  // status names, which somebody may have put back since another was asked for.
  const hasCome = view.retired !== undefined && nonceOf(view.retired.server.tags) === nonce;
  if (nonce === undefined || view.notFound || hasCome) return false;
  if (view.listAgeMs === undefined) return true;
  return view.nonceSeenMs - view.listAgeMs <= timings.launchGraceMs;
}

/** Whether this object's server or not cannot be told by its tags: a person must look. */
function planForeign(
  { droplet, timings }: PlanInput,
  { id, name }: { id: number; name: string },
): DropletPlan {
  const { metadata } = droplet;
  const isLeaving = metadata.deletionTimestamp !== undefined;
  return {
    steps: [],
    phase: isLeaving ? 'Deleting' : 'Failed',
    provisioned: false,
    reason: 'NotOurs',
    message:
      `droplet ${id} (${name}) lacks the tags of this Droplet and is left alone. If it is its server, ` +
      `"dropfleet adopt --droplet ${id} --as ${metadata.name}" puts them back; if not, take the id out of the status: ` +
      `kubectl -n ${metadata.namespace} patch droplet ${metadata.name} --subresource=status --type=merge -p '{"status":{"server":{"id":null}}}'`,
    requeueAfterMs: timings.refusedMs,
  };
}

/** The reason of a plan for a server that the cloud says is not there, and has not said so for long. */
export const MISSING = 'Missing';

/** One list without it is no proof; what runs may go on serving meanwhile. */
function planMissing(
  { droplet, timings }: PlanInput,
  { id, believedInMs }: { id: number; believedInMs: number },
): DropletPlan {
  return {
    steps: [],
    phase: droplet.status?.phase === 'Failed' ? 'Pending' : (droplet.status?.phase ?? 'Pending'),
    provisioned: false,
    reason: MISSING,
    message: `droplet ${id} not found at DigitalOcean; looking again before it counts as gone`,
    // It is seen to stay so, not to be so twice.
    requeueAfterMs: Math.min(timings.pollMs, Math.max(1, believedInMs)),
  };
}

/** A person named the server, so it gets the tags of this object, and loses those of whose it was. */
function planTakeOver(input: PlanInput, { id, server, problem }: Claim): DropletPlan {
  const plan = {
    phase: 'Pending',
    provisioned: false,
    reason: 'Adopting',
    requeueAfterMs: input.timings.pollMs,
  } as const;
  if (server === undefined || problem !== undefined)
    return {
      ...plan,
      steps: [],
      phase: 'Failed',
      reason: 'CannotAdopt',
      message: `cannot adopt droplet ${id}: ${problem ?? 'DigitalOcean has no such droplet'}. Name another in the annotation ${ADOPT_ANNOTATION}, or remove it to create a new server`,
      requeueAfterMs: input.timings.refusedMs,
    };
  const put = missingTags(input, server);
  const off = server.tags.filter(tag => isOwnerTag(tag) && !input.tags.includes(tag));
  const finalizer: DropletStep[] = hasFinalizer(input.droplet) ? [] : [{ type: 'add-finalizer' }];
  return {
    ...plan,
    steps: [...finalizer, { type: 'take-over', id, put, off }, { type: 'adopt', id }],
    message: `adopting droplet ${id}`,
  };
}

const missingTags = ({ tags }: PlanInput, server: Server): string[] =>
  tags.filter(tag => !server.tags.some(other => other.toLowerCase() === tag));

function planPresent(input: PlanInput, server: Server): DropletPlan {
  const keepsNonce = hadAnother(input, server);
  const adopt: DropletStep[] =
    input.droplet.status?.server?.id === server.id
      ? []
      : [{ type: 'adopt', id: server.id, ...(keepsNonce && { keepsNonce }) }];
  // What is on its way out gives its tags away.
  const missing = isReplaced(input.droplet, server) ? [] : missingTags(input, server);
  const tag: DropletStep[] = missing.length === 0 ? [] : [{ type: 'tag', id: server.id, tags: missing }];
  const plan = planRecovery(input, server) ?? planServer(input, server);
  return { ...plan, steps: [...adopt, ...tag, ...plan.steps] };
}

/**
 * Whether it had the server of its last request, whose id somebody took out of the status or wrote over, and which may
 * be out of sight only: by the nonce it is known again, and is not taken for a second answer to a request.
 */
function hadAnother({ droplet: { status }, view }: PlanInput, { tags }: Server): boolean {
  const { nonce, size } = status?.server ?? {};
  return nonce !== undefined && size !== undefined && !view.notFound && nonceOf(tags) !== nonce;
}

function planServer(input: PlanInput, server: Server): DropletPlan {
  const waiting = { steps: [], provisioned: false, requeueAfterMs: input.timings.pollMs };
  switch (server.status) {
    case 'new':
      return {
        ...waiting,
        phase: 'Booting',
        reason: 'Booting',
        message: `droplet ${server.id} is booting`,
      };
    case 'archive':
      return {
        ...waiting,
        phase: 'Failed',
        reason: 'Archived',
        message: `droplet ${server.id} is archived: restore it at DigitalOcean. Deleting this Droplet loses the archived disk, and creates a new server`,
        requeueAfterMs: input.timings.refusedMs,
      };
    case 'active':
    case 'off':
      return planPower(input, server);
  }
}

/** A person must mend the spec first; what runs meanwhile goes on. */
function planInvalid({ server }: CloudView, message: string): DropletPlan {
  const provisioned = server?.status === 'active';
  return { steps: [], phase: 'Failed', provisioned, reason: 'InvalidSpec', message };
}

function planSuspended({ server }: CloudView): DropletPlan {
  return {
    steps: [],
    phase: server === undefined ? 'Pending' : server.status === 'active' ? 'Active' : 'Booting',
    provisioned: server?.status === 'active',
    reason: 'Suspended',
    message: 'project suspended; set spec.suspend to false to resume',
  };
}

function planDeletion(input: PlanInput): DropletPlan {
  const { droplet, view, timings } = input;
  const doomed = [...(view.server ? [view.server] : []), ...view.duplicates];
  const deleting = { phase: 'Deleting', provisioned: false, reason: 'Deleting' } as const;
  if (!isKept(droplet)) return { ...deleting, steps: [], message: 'destroyed' };
  const drained = drainOfServer(input, view.server);
  if (drained === 'draining') return planDraining(input, 'destroyed');
  if (doomed.length > 0)
    return {
      ...deleting,
      steps: [
        ...reportTimeout(input, drained),
        ...doomed.map(({ id }) => ({ type: 'destroy' as const, id })),
      ],
      message: `destroying droplet ${doomed.map(({ id }) => id).join(', ')}`,
      requeueAfterMs: timings.pollMs,
    };
  if (view.missing !== undefined)
    return {
      ...deleting,
      steps: [],
      message: `droplet ${view.missing.id} not found at DigitalOcean; looking again before it counts as gone`,
      requeueAfterMs: Math.min(timings.pollMs, Math.max(1, view.missing.believedInMs)),
    };
  if (mayStillAppear(input))
    return {
      ...deleting,
      steps: [],
      message: 'create sent but not confirmed; waiting to destroy the droplet if it appears',
      requeueAfterMs: timings.pollMs,
    };
  return { ...deleting, steps: [{ type: 'remove-finalizer' }], message: 'destroyed' };
}

/** Whether a person wants to keep the server of an object that is being deleted. */
const isWanted = ({ droplet: { metadata }, view: { server } }: PlanInput): boolean =>
  server !== undefined && metadata.annotations?.[ADOPT_ANNOTATION] === String(server.id);

/** The reason of a plan for an object that is being deleted, whose server a person wants to keep. */
export const KEPT = 'Kept';

function planKept({ view: { server }, timings }: PlanInput): DropletPlan {
  return {
    steps: [],
    phase: 'Deleting',
    provisioned: server?.status === 'active',
    reason: KEPT,
    message: `droplet ${server?.id} is kept, as ${ADOPT_ANNOTATION} says: "dropfleet adopt" gives it another Droplet; remove the annotation to destroy it`,
    requeueAfterMs: timings.refusedMs,
  };
}

/** Whether a finalizer of ours keeps the object. */
export const isKept = ({ metadata }: Droplet): boolean =>
  [DROPLET_FINALIZER, LOAD_BALANCER_FINALIZER].some(ours => metadata.finalizers?.includes(ours));

const hasFinalizer = (droplet: Droplet): boolean =>
  droplet.metadata.finalizers?.includes(DROPLET_FINALIZER) ?? false;
