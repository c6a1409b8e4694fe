import type { Droplet } from '../../crds/droplet.ts';
import type { Outcome } from '../outcome.ts';
import type { Run } from '../run.ts';
import { applyStep, type DrillTools } from './apply.ts';
import type { Context } from './concern.ts';
import { observeDrill, observeStart } from './observe.ts';
import { isUnderWay, planDrill, requestOn, type DrillInput } from './plan.ts';

/**
 * One step of a Droplet's restore drill, if it has one. All that it knows is in the status, so that whoever comes next
 * goes on with it.
 */
export async function reconcileDrill(
  context: Context,
  tools: DrillTools,
  droplet: Droplet | undefined,
  run: Run,
): Promise<Outcome> {
  if (droplet === undefined) return undefined;
  const seen = await observe(context, droplet, run);
  const step = planDrill({ droplet, ...seen, now: context.clock.now(), timings: context.timings });
  await applyStep(step, { ...tools, context, droplet, run, ...(seen.view && { view: seen.view }) });
  if (step.type === 'wait' || step.type === 'destroy')
    return hasDrill(droplet) ? { requeueAfterMs: context.timings.pollMs } : undefined;
  // What was written is the next plan's beginning.
  return step.type === 'remove-finalizer' ? undefined : { requeueAfterMs: 1 };
}

const hasDrill = ({ status }: Droplet): boolean => status?.drill !== undefined && isUnderWay(status.drill);

async function observe(
  context: Context,
  droplet: Droplet,
  run: Run,
): Promise<Pick<DrillInput, 'view' | 'start'>> {
  const { drill } = droplet.status ?? {};
  if (drill !== undefined && isUnderWay(drill)) {
    const { nonce } = drill;
    return nonce === undefined
      ? {}
      : { view: await observeDrill(context, droplet, { ...drill, nonce }, run) };
  }
  const request = requestOn(droplet);
  if (request === undefined || request === drill?.request) return {};
  return { start: await observeStart(context, droplet, run) };
}
