import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import { projectKeyOf } from '../context.ts';
import type { Run } from '../run.ts';
import type { Effect } from '../gate/effect.ts';
import type { Answer, Ask } from '../gate/gate.ts';
import type { Context } from './concern.ts';
import { effectsOf, groupOf, type DropletEffects } from './effects-plan.ts';
import type { CloudView, DropletPlan, DropletStep } from './model.ts';
import { KEPT } from './plan.ts';

/** A plan that went through the gate: what is left of it to do, and what of it is held. */
export interface PassedPlan extends DropletPlan {
  held?: { reason: string; message: string };
}

/** How often a hold is checked when nothing else wakes it: what it waits for may be another's to mend. */
const HELD_AGAIN_MS = 30_000;

/**
 * Asks the gate for what a plan destroys, stops, buys or takes over. What is held is taken out of the plan, with what
 * it would have led to; the rest is done.
 *
 * @returns undefined when it is too early to tell: requeue after `waitMs`.
 */
export async function passGate(
  context: Context,
  droplet: Droplet,
  view: CloudView,
  plan: DropletPlan,
  run: Run,
): Promise<PassedPlan | { waitMs: number }> {
  const asks = asksOf(context, droplet, view, plan);
  const duplicates = await context.gate.ask(asks.duplicates, run);
  const own = await context.gate.ask(asks.own, run);
  return leftOf(droplet, view, plan, {
    own: { ask: asks.own, answer: own },
    duplicates: { ask: asks.duplicates, answer: duplicates },
  });
}

/** What the gate is asked on behalf of a plan, by parts. */
export function asksOf(
  { projects, timings }: Pick<Context, 'projects' | 'timings'>,
  droplet: Droplet,
  view: CloudView,
  plan: DropletPlan,
): Record<Part, Ask> {
  const effects = effectsOf(droplet, view, plan);
  const project = projects.get(projectKeyOf(droplet));
  const askFor = (part: Part): Ask => {
    const believedAfterMs = view.missing !== undefined ? timings.absenceMs : believedAfter(effects[part]);
    return {
      asker: askerOf(keyOf(droplet), part),
      group: groupOf(part, droplet, effects[part]),
      effects: effects[part],
      objects: [droplet, ...(project ? [project] : [])],
      ...(believedAfterMs !== undefined && { believedAfterMs }),
    };
  };
  return { own: askFor('own'), duplicates: askFor('duplicates') };
}

/** What is left of a plan by what the gate said to it. */
export function leftOf(
  droplet: Droplet,
  view: CloudView,
  plan: DropletPlan,
  { own, duplicates }: Record<Part, { ask: Ask; answer: Answer }>,
): PassedPlan | { waitMs: number } {
  const [first, second] = [own.answer, duplicates.answer];
  // Whatever the answer, it keeps its server.
  if (plan.reason === KEPT) return plan;
  // A server that is missing for a moment goes on being waited for, which is reported; whatever else there is to do waits.
  if (first.type === 'wait')
    return view.missing === undefined ? { waitMs: first.ms } : { ...plan, steps: [] };
  const rest: DropletPlan = {
    ...plan,
    steps: plan.steps.filter(step => second.type === 'pass' || !isDuplicates(step, duplicates.ask.effects)),
  };
  if (first.type === 'hold') return heldPlan(droplet, view, rest, first);
  if (second.type !== 'hold') return rest;
  const { reason, message } = second;
  return { ...rest, held: { reason, message } };
}

/** Takes back what was asked for on behalf of a Droplet that is no more. */
export async function withdraw({ gate }: Context, key: ObjectKey, run: Run): Promise<void> {
  for (const asker of [askerOf(key, 'own'), askerOf(key, 'duplicates'), lastSnapshotAsker(key)])
    await gate.ask({ asker, group: '', effects: [], objects: [] }, run);
}

/** Who asks: the gate wakes the Droplet of that key by it. */
const askerOf = (key: ObjectKey, part: Part): string =>
  `droplet ${key}${part === 'own' ? '' : ' duplicates'}`;

/** The same, where a server of it is to go without a last snapshot. */
export const lastSnapshotAsker = (key: ObjectKey): string => `droplet ${key} last snapshot`;

/** The Droplets among those who asked the gate. */
export const dropletsAmong = (askers: readonly string[]): ObjectKey[] =>
  askers.flatMap(asker => /^droplet (\S+)/.exec(asker)?.[1] ?? []);

type Part = keyof DropletEffects;

/** Only a destruction is waited with for what comes with it; the gate knows how long. */
const believedAfter = (effects: readonly Effect[]): number | undefined =>
  effects.some(({ verb }) => verb === 'destroy') ? undefined : 0;

const isDuplicates = (step: DropletStep, duplicates: readonly Effect[]): boolean =>
  step.type === 'destroy' && duplicates.some(({ server }) => server === step.id);

/** A server that runs goes on, and what is there not is not made. */
function heldPlan(
  droplet: Droplet,
  { server }: CloudView,
  plan: DropletPlan,
  { reason, message }: Extract<Answer, { type: 'hold' }>,
): PassedPlan {
  const isRunning = server?.status === 'active';
  return {
    steps: plan.steps.filter(({ type }) => type === 'add-finalizer' || type === 'adopt' || type === 'tag'),
    phase: isRunning ? 'Active' : (droplet.status?.phase ?? 'Pending'),
    provisioned: isRunning && server.size === droplet.spec.size,
    reason,
    message,
    requeueAfterMs: HELD_AGAIN_MS,
    held: { reason, message },
  };
}
