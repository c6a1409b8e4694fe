import { findCondition } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { LOAD_BALANCER_FINALIZER } from '../../crds/names.ts';
import type { DropletPlan, DropletStep, PlanInput, Server } from './model.ts';

/** Whether a load balancer has not let go of the server yet. */
export const isHeld = ({ metadata }: Droplet): boolean =>
  metadata.finalizers?.includes(LOAD_BALANCER_FINALIZER) ?? false;

/**
 * How far a server that is to be stopped or destroyed is with the requests under way to it. It is not Provisioned from
 * the moment when it was first to be so: that is what the load balancer takes it out by, and when the time begins.
 *
 *     balancer | the server | not Provisioned for | drained
 *     ---------+------------+---------------------+--------------------------------------------
 *     none     | any        | any                 | yes
 *     one      | is not on  | any                 | yes
 *     one      | is on      | at most drainMs     | not yet: it is left running
 *     one      | is on      | longer              | given up: it is paid for, and must surely go
 */
export function drainOf(input: PlanInput, server: Pick<Server, 'status'> | undefined): Drained {
  if (input.balancer === undefined || server?.status !== 'active') return 'yes';
  return drainMsLeft(input) > 0 ? 'not yet' : 'given up';
}

type Drained = 'yes' | 'not yet' | 'given up';

function drainMsLeft({ droplet, now, timings }: PlanInput): number {
  const provisioned = findCondition(droplet.status?.conditions, 'Provisioned');
  const since = provisioned?.status === 'False' ? Date.parse(provisioned.lastTransitionTime) : now;
  return since + timings.drainMs - now;
}

/** Says, before each step that stops or destroys, that requests are cut off; nothing unless that is so. */
export const giveUpDrain = ({ balancer }: PlanInput, drained: Drained): DropletStep[] =>
  drained === 'given up' && balancer !== undefined ? [{ type: 'give-up-drain', master: balancer.name }] : [];

/** The plan for a server that is left running for a while. */
export function planDraining(input: PlanInput, { id }: Pick<Server, 'id'>, next: string): DropletPlan {
  const { balancer, timings } = input;
  const trouble = balancer?.trouble === undefined ? '' : ` (${balancer.trouble})`;
  return {
    steps: [],
    phase: 'Draining',
    provisioned: false,
    reason: 'Draining',
    message:
      `droplet ${id} is ${next} when the requests under way to it have ended, ` +
      `or after ${describePatience(timings.drainMs)}; waiting for ${balancer?.name}${trouble}`,
    lookAgainMs: Math.min(timings.pollMs, Math.max(1, drainMsLeft(input))),
  };
}

/** Such as `6 minutes`. */
export const describePatience = (ms: number): string =>
  ms < 60_000 ? `${Math.round(ms / 1_000)} seconds` : `${Math.round(ms / 60_000)} minutes`;
