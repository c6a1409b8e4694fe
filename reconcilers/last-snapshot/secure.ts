import type { CloudDroplet } from '../../clients/digitalocean/cloud.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { projectKeyOf, type Context } from '../context.ts';
import { forgoing, type Effect } from '../gate/effect.ts';
import type { Answer, Ask } from '../gate/gate.ts';
import type { Run } from '../run.ts';
import { applyLast, type LastApply } from './apply.ts';
import { holdsData } from './data-plan.ts';
import { entryOf, observeLast } from './observe.ts';
import { noSnapshotMessage, planLast, type LastPlan } from './plan.ts';
import { LAST_SNAPSHOT } from './timings.ts';

/** A server whose destruction the gate has let through, and that effect. */
export interface Doomed {
  id: number;
  effect: Effect;
  /** Whether it is still to be destroyed, as the cloud has it now: its tags may have changed, or its power. */
  isStillDoomed: (server: CloudDroplet) => boolean;
}

/** What may be destroyed now, and what is waited for. */
export interface Secured {
  safe: ReadonlySet<number>;
  /** Of those that are not safe yet. */
  messages: readonly string[];
  /** Why some wait for a person, unless a later try succeeds. */
  held?: { reason: string; message: string };
}

/**
 * Stands between the gate and the destruction of servers: those that hold data go when their last snapshot is there, or
 * when a confirmation says that none is needed. To be called until all are safe.
 *
 * @param asker in whose name the gate is asked to let one go without; it wakes whoever that is.
 */
export async function secureData(
  context: Context,
  progress: LastApply,
  doomed: readonly Doomed[],
  asker: string,
  run: Run,
): Promise<Secured> {
  const waits = new Map<Doomed, string>();
  for (const one of doomed) {
    const plan = await secureOne(context, progress, one, run);
    if (plan.type === 'wait') waits.set(one, plan.message);
  }
  const answer = await context.gate.ask(askToForgo(context, progress.droplet, waits, asker), run);
  return securedBy(progress.droplet, doomed, waits, answer);
}

/** What may go by the gate's answer, of what else would wait. */
export function securedBy(
  droplet: Droplet,
  doomed: readonly Doomed[],
  waits: ReadonlyMap<Doomed, string>,
  answer: Answer,
): Secured {
  const isLeft = (one: Doomed): boolean =>
    waits.has(one) && !(answer.type === 'pass' && hasFailed(droplet, one));
  return {
    safe: new Set(doomed.filter(one => !isLeft(one)).map(({ id }) => id)),
    messages: doomed.filter(isLeft).map(one => waits.get(one)!),
    ...(answer.type === 'hold' && { held: { reason: answer.reason, message: answer.message } }),
  };
}

const hasFailed = (droplet: Droplet, { id }: Doomed): boolean => entryOf(droplet, id).failure !== undefined;

async function secureOne(
  context: Context,
  progress: LastApply,
  { id, effect, isStillDoomed }: Doomed,
  run: Run,
): Promise<LastPlan> {
  if (!holdsData(progress.droplet, id)) return { type: 'safe' };
  if (await context.gate.hasPassed([forgoing(effect)], run.signal)) return { type: 'safe' };
  const view = await observeLast(context, progress.droplet, id, isStillDoomed, run.signal);
  // What cannot be seen now may be there in the next moment; what is another's by now is not touched.
  if (view === undefined)
    return {
      type: 'wait',
      message: `droplet ${id} not found at DigitalOcean, or in use again; looking again`,
    };
  const plan = planLast(view, LAST_SNAPSHOT.shutdownMs);
  if (plan.type === 'wait' && plan.step !== undefined) await applyLast(plan.step, progress, id, context, run);
  return plan;
}

/** Asks for those that wait to go without, whose last try failed; none take back what was asked for before. */
export function askToForgo(
  { projects }: Pick<Context, 'projects'>,
  droplet: Droplet,
  waits: ReadonlyMap<Doomed, string>,
  asker: string,
): Ask {
  const project = projects.get(projectKeyOf(droplet));
  const failed = [...waits.keys()].filter(one => hasFailed(droplet, one));
  return {
    asker,
    group: asker,
    effects: failed.map(({ id, effect }) =>
      forgoing(effect, {
        reason: 'NoLastSnapshot',
        message: noSnapshotMessage(id, entryOf(droplet, id)),
      }),
    ),
    objects: [droplet, ...(project ? [project] : [])],
    believedAfterMs: 0,
  };
}
