import { summarizeFleet } from '../read-model/fleet-summary.ts';
import { summarizeServices } from '../read-model/services.ts';
import type { Run } from '../run.ts';
import type { Context } from './concern.ts';
import { deliver } from './deliver.ts';
import { retryAfter } from './digest-plan.ts';
import { planHeartbeat, slotOf, untilNextSlot, type Heartbeat } from './heartbeat-plan.ts';
import type { OutboxRoutes } from './outbox.ts';
import type { Route } from './routes.ts';

/** What a heartbeat goes by. */
export interface BeatInput {
  /** The routes; those that carry heartbeats get them. */
  routes: readonly Route[];
  outbox: OutboxRoutes;
  standing: string | undefined;
  /** 0 for never. */
  minutes: number;
}

/** What was last sent, in this process: see slotOf. */
interface Last {
  minutes: number;
  slot: number | undefined;
  failures: number;
  nextTryAt?: number;
}

/**
 * Sends heartbeats when they are due; answers in how many ms the next one is. One that cannot be sent is tried again
 * until the next is due, which tells more.
 */
export function createHeart(context: Context): (input: BeatInput, run: Run) => Promise<number | undefined> {
  let last: Last | undefined;
  return async (input, run) => {
    const { minutes } = input;
    const now = context.clock.now();
    const slot = slotOf(now, minutes);
    if (last?.minutes !== minutes) last = { minutes, slot, failures: 0 };
    if (slot === undefined) return undefined;
    const isNew = slot !== last.slot;
    const isRetry = last.nextTryAt !== undefined && last.nextTryAt <= now;
    if (isNew || isRetry) {
      const isSent = await send(context, input, `heartbeat ${context.fleetId} ${slot}`, run);
      const failures = isSent === undefined ? 0 : last.failures + 1;
      const nextTryAt = isSent === undefined ? undefined : now + retryAfter(failures, isSent);
      last = { minutes, slot, failures, ...(nextTryAt !== undefined && { nextTryAt }) };
    }
    const retryMs = last.nextTryAt === undefined ? Infinity : last.nextTryAt - now;
    return Math.min(untilNextSlot(now, minutes), retryMs);
  };
}

/** Answers undefined when it went out, else whether the failure may pass by itself. */
async function send(context: Context, input: BeatInput, id: string, run: Run): Promise<boolean | undefined> {
  const heartbeat = heartbeatOf(context, input);
  for (const route of input.routes) {
    const { beat } = route;
    if (beat === undefined) continue;
    const delivery = await deliver(route, signal => beat(heartbeat, id, signal), context, run);
    if (delivery.type === 'failed') return delivery.isTransient;
  }
  return undefined;
}

function heartbeatOf(
  { projects, droplets, services }: Context,
  { routes, outbox, standing }: BeatInput,
): Heartbeat {
  const servers = droplets.list();
  return planHeartbeat({
    fleet: summarizeFleet(projects.list(), servers, new Map()),
    services: summarizeServices(services.list(), servers, projects.list()),
    standing,
    failing: routes.flatMap(({ name, label }) => {
      const { error } = outbox[name] ?? {};
      return error === undefined ? [] : [{ name: label, text: error }];
    }),
  });
}
