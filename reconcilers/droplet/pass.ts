import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import { projectKeyOf, type Context, type Run } from '../context.ts';
import type { Effect } from '../gate/effect.ts';
import type { Answer } from '../gate/gate.ts';
import { effectsOf } from './effects-plan.ts';
import { KEPT, type CloudView, type DropletPlan, type DropletStep } from './plan.ts';

/** A plan that went through the gate: what is left of it to do, and what of it is held. */
export interface PassedPlan extends DropletPlan {
  held?: { reason: string; message: string };
}

/** How often a hold is looked at when nothing else wakes it: what it waits for may be another's to mend. */
const HELD_AGAIN_MS = 30_000;

/**
 * Asks the gate for what a plan destroys, stops, buys or takes over. What is held is taken out of the plan, with what
 * it would have led to; the rest is done.
 *
 * @returns undefined when it is too early to tell: look again after `waitMs`.
 */
export async function passGate(
  context: Context,
  droplet: Droplet,
  view: CloudView,
  plan: DropletPlan,
  run: Run,
): Promise<PassedPlan | { waitMs: number }> {
  const { own, duplicates } = effectsOf(droplet, view, plan);
  const second = await ask(context, droplet, 'duplicates', duplicates, view, run);
  const first = await ask(context, droplet, 'own', own, view, run);
  // Whatever the answer, it keeps its server.
  if (plan.reason === KEPT) return plan;
  const isWaiting = first.type === 'wait' && view.missing === undefined;
  if (isWaiting) return { waitMs: first.ms };
  const rest: DropletPlan = {
    ...plan,
    steps: plan.steps.filter(step => second.type === 'pass' || !isDuplicates(step, duplicates)),
  };
  if (first.type === 'hold') return heldPlan(droplet, view, rest, first);
  return second.type === 'hold' ? { ...rest, held: second } : rest;
}

/** Takes back what was asked for on behalf of a Droplet that is no more. */
export async function withdraw({ gate }: Context, key: ObjectKey, run: Run): Promise<void> {
  for (const asker of [askerOf(key, 'own'), askerOf(key, 'duplicates')])
    await gate.ask({ asker, group: '', effects: [], objects: [] }, run);
}

/** Who asks: the gate wakes the Droplet of that key by it. */
const askerOf = (key: ObjectKey, part: Part): string =>
  `droplet ${key}${part === 'own' ? '' : ' duplicates'}`;

/** The Droplets among those who asked the gate. */
export const dropletsAmong = (askers: readonly string[]): ObjectKey[] =>
  askers.flatMap(asker => /^droplet (\S+)/.exec(asker)?.[1] ?? []);

type Part = 'own' | 'duplicates';

/** All that would be confirmed together: a project's droplets that go, or those of it that vanished. */
function groupOf(part: Part, droplet: Droplet, [effect]: readonly Effect[]): string {
  if (part === 'duplicates') return `duplicates of ${keyOf(droplet)}`;
  return `${effect?.cause ?? 'nothing'} ${projectKeyOf(droplet)}`;
}

async function ask(
  { gate, projects, timings }: Context,
  droplet: Droplet,
  part: Part,
  effects: readonly Effect[],
  { missing }: CloudView,
  run: Run,
): Promise<Answer> {
  const project = projects.get(projectKeyOf(droplet));
  const believedAfterMs = missing !== undefined ? timings.absenceMs : believedAfter(effects);
  return await gate.ask(
    {
      asker: askerOf(keyOf(droplet), part),
      group: groupOf(part, droplet, effects),
      effects,
      objects: [droplet, ...(project ? [project] : [])],
      ...(believedAfterMs !== undefined && { believedAfterMs }),
    },
    run,
  );
}

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
    lookAgainMs: HELD_AGAIN_MS,
    held: { reason, message },
  };
}
