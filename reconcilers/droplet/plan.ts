import { DROPLET_FINALIZER, LOAD_BALANCER_FINALIZER } from '../../crds/names.ts';
import type { Droplet, DropletStatus } from '../../crds/droplet.ts';
import { immutableProblem } from '../../crds/immutable.ts';
import { drainOf, giveUpDrain, planDraining, type Balancer } from './drain-plan.ts';
import { planPower, type ResizeRefusal, type ServerAction, type SizeFacts } from './power-plan.ts';

/** A server in the cloud, as far as a plan needs to know it. */
export interface Server {
  id: number;
  status: 'new' | 'active' | 'off' | 'archive';
  locked: boolean;
  size: string;
  disk: number;
  region: string;
  publicAddress?: string;
  privateAddress?: string;
  tags: readonly string[];
}

/** What the cloud holds for one Droplet object. */
export interface CloudView {
  /** The one whose id the status names, else the oldest that carries the object's uid. */
  server?: Server;
  /** Others that carry the object's uid. */
  duplicates: readonly Server[];
  /** When the newest list of the fleet began, wall time in ms; undefined before the first. */
  listStartedAt?: number;
  /** The cloud was asked for the id and said that there is no such droplet. */
  notFound?: boolean;
  /** The action that status.actionID names; observed while sizes differ or power is being changed. */
  action?: ServerAction;
}

export type DropletStep =
  | { type: 'add-finalizer' }
  | { type: 'launch' }
  | { type: 'adopt'; id: number }
  | { type: 'tag'; id: number; tags: string[] }
  | { type: 'give-up-drain'; master: string }
  | { type: 'destroy'; id: number }
  | { type: 'shut-down'; id: number }
  | { type: 'power-off'; id: number }
  | { type: 'resize'; id: number; size: string }
  | { type: 'remember-refusal'; refusal: ResizeRefusal }
  | { type: 'power-on'; id: number }
  | { type: 'remove-finalizer' };

/** What to do now, and what to tell people about it. */
export interface DropletPlan {
  steps: DropletStep[];
  phase: NonNullable<DropletStatus['phase']>;
  /** Whether the server runs and is as the spec asks. */
  provisioned: boolean;
  reason: string;
  message: string;
  /** Look again after that many ms, whatever happens; undefined when only a change matters. */
  lookAgainMs?: number;
}

/** The part of the timings that plans need; see timings.ts. */
export interface PlanTimings {
  launchGraceMs: number;
  pollMs: number;
  refusedMs: number;
  slowestRefusedMs: number;
  shutdownMs: number;
  drainMs: number;
}

export interface PlanInput {
  droplet: Droplet;
  view: CloudView;
  /** Whom to wait for before a server that runs is stopped or destroyed. */
  balancer?: Balancer;
  /** The project is suspended: nothing may be changed. */
  suspended: boolean;
  sizes: ReadonlyMap<string, SizeFacts>;
  /** What the server must carry to be found, known as this object's, and protected. */
  tags: readonly string[];
  /** For how many ms the view's action has been seen with a server that is on; 0 unless told. */
  actionSeenMs?: number;
  /** For how many ms nothing is to be asked of the cloud, as that has just failed; 0 unless told. */
  pausedMs?: number;
  /** Wall time, ms. */
  now: number;
  timings: PlanTimings;
}

/**
 * What brings one Droplet and its server together.
 *
 *     object   | in the cloud                   | step
 *     ---------+--------------------------------+--------------------------------------
 *     live, with a spec that was forbidden     | wait for a person
 *     live     | nothing, never asked for       | launch
 *     live     | nothing, asked for in the grace| wait: lists lag, a lost reply may show up
 *     live     | nothing, grace over            | launch again, with another nonce
 *     live     | one that carries our uid       | adopt it
 *     live     | several that carry our uid     | keep one, destroy the others
 *     live     | one that lacks a tag of ours   | put it on
 *     live     | new or locked                  | wait
 *     live     | another size, or off           | see power-plan.ts
 *     live     | active, as asked               | -
 *     deleted  | one that gets requests         | wait until they have ended: see drain-plan.ts
 *     deleted  | any                            | destroy each
 *     deleted  | nothing, asked for in the grace| wait: it may show up
 *     deleted  | nothing                        | remove the finalizer
 */
export function planDroplet(input: PlanInput): DropletPlan {
  const { droplet, view } = input;
  if (droplet.metadata.deletionTimestamp !== undefined) return planDeletion(input);
  if (input.suspended) return planSuspended(view);
  const problem = immutableProblem(droplet, view.server?.region);
  if (problem !== undefined) return planInvalid(view, problem);
  const finalizer: DropletStep[] = hasFinalizer(droplet) ? [] : [{ type: 'add-finalizer' }];
  const duplicates: DropletStep[] = view.duplicates.map(({ id }) => ({ type: 'destroy', id }));
  const plan = view.server === undefined ? planAbsent(input) : planPresent(input, view.server);
  return { ...plan, steps: [...finalizer, ...duplicates, ...plan.steps] };
}

function planAbsent(input: PlanInput): DropletPlan {
  const { spec, status } = input.droplet;
  const asked: DropletPlan = {
    steps: [],
    phase: 'Creating',
    provisioned: false,
    reason: 'Creating',
    message: `asked DigitalOcean for a droplet of size ${spec.size} in ${spec.region}`,
    lookAgainMs: input.timings.pollMs,
  };
  if (!mayStillAppear(input)) return { ...asked, steps: [{ type: 'launch' }] };
  // Waiting for the list is no news: the same words again cost no write.
  if (status?.dropletID !== undefined) return asked;
  return { ...asked, message: 'asked for, and waiting to see whether the request got through' };
}

/**
 * Whether a server that was asked for and is not to be seen may show up yet. Only a list that began after the
 * grace period, or the cloud's own "not found" for a known id, is proof that it will not.
 */
function mayStillAppear({ droplet, view, timings }: PlanInput): boolean {
  const { nonce, launchedAt } = droplet.status ?? {};
  if (nonce === undefined || launchedAt === undefined) return false;
  if (view.notFound) return false;
  if (view.listStartedAt === undefined) return true;
  return view.listStartedAt <= Date.parse(launchedAt) + timings.launchGraceMs;
}

function planPresent(input: PlanInput, server: Server): DropletPlan {
  const adopt: DropletStep[] =
    input.droplet.status?.dropletID === server.id ? [] : [{ type: 'adopt', id: server.id }];
  const missing = input.tags.filter(tag => !server.tags.some(other => other.toLowerCase() === tag));
  const tag: DropletStep[] = missing.length === 0 ? [] : [{ type: 'tag', id: server.id, tags: missing }];
  const plan = planServer(input, server);
  return { ...plan, steps: [...adopt, ...tag, ...plan.steps] };
}

function planServer(input: PlanInput, server: Server): DropletPlan {
  const waiting = { steps: [], provisioned: false, lookAgainMs: input.timings.pollMs };
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
        message: `droplet ${server.id} is archived at DigitalOcean: restore it there, or delete this Droplet to get a new one`,
        lookAgainMs: input.timings.refusedMs,
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
    message: 'the project is suspended: dropfleet changes nothing until spec.suspend is false',
  };
}

function planDeletion(input: PlanInput): DropletPlan {
  const { droplet, view, timings } = input;
  const doomed = [...(view.server ? [view.server] : []), ...view.duplicates];
  const deleting = { phase: 'Deleting', provisioned: false, reason: 'Deleting' } as const;
  if (!isKept(droplet)) return { ...deleting, steps: [], message: 'destroyed' };
  const drained = drainOf(input, view.server);
  if (drained === 'not yet') return planDraining(input, view.server!, 'destroyed');
  if (doomed.length > 0)
    return {
      ...deleting,
      steps: [...giveUpDrain(input, drained), ...doomed.map(({ id }) => ({ type: 'destroy' as const, id }))],
      message: `destroying droplet ${doomed.map(({ id }) => id).join(', ')}`,
      lookAgainMs: timings.pollMs,
    };
  if (mayStillAppear(input))
    return {
      ...deleting,
      steps:
        droplet.status?.dropletID === undefined ? [] : [{ type: 'destroy', id: droplet.status.dropletID }],
      message: 'waiting to see whether a droplet that was asked for shows up, to destroy it too',
      lookAgainMs: timings.pollMs,
    };
  return { ...deleting, steps: [{ type: 'remove-finalizer' }], message: 'destroyed' };
}

/** Whether a finalizer of ours keeps the object. */
const isKept = ({ metadata }: Droplet): boolean =>
  [DROPLET_FINALIZER, LOAD_BALANCER_FINALIZER].some(ours => metadata.finalizers?.includes(ours));

const hasFinalizer = (droplet: Droplet): boolean =>
  droplet.metadata.finalizers?.includes(DROPLET_FINALIZER) ?? false;
