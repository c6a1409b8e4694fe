import { drainMsLeft, drainOf, drainingMessage, type Drain, type DrainInput } from '../draining/protocol.ts';
import type { DropletPlan, DropletStep, PlanInput, Server } from './model.ts';

/** How far a server that is to be stopped or destroyed is with the requests in flight to it. */
export const drainOfServer = (input: PlanInput, server: Pick<Server, 'status'> | undefined): Drain =>
  drainOf(asDrainInput(input), server?.status === 'active');

const asDrainInput = ({ droplet, balancer, now, timings }: PlanInput): DrainInput => ({
  droplet,
  balancer,
  now,
  drainMs: timings.drainMs,
});

/** Says, before each step that stops or destroys, that requests are dropped; nothing unless that is so. */
export const reportTimeout = ({ balancer }: PlanInput, drain: Drain): DropletStep[] =>
  drain === 'timed out' && balancer !== undefined
    ? [{ type: 'report-drain-timeout', master: balancer.name }]
    : [];

/**
 * The plan for a server that is left running for a while.
 *
 * @param next what happens to it afterwards, such as `destroyed`.
 */
export function planDraining(input: PlanInput, next: string): DropletPlan {
  const drain = asDrainInput(input);
  return {
    steps: [],
    phase: 'Draining',
    provisioned: false,
    reason: 'Draining',
    message: drainingMessage(drain, next),
    requeueAfterMs: Math.min(input.timings.pollMs, Math.max(1, drainMsLeft(drain))),
  };
}
