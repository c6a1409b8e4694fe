import type { CloudDroplet } from '../../clients/digitalocean/cloud.ts';
import { fleetTag, uidOf } from '../../crds/cloud-tags.ts';
import { keyOf } from '../../crds/meta.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Effect } from '../gate/effect.ts';
import type { LastApply } from '../last-snapshot/apply.ts';
import { secureData, type Doomed, type Secured } from '../last-snapshot/secure.ts';
import { LAST_SNAPSHOT } from '../last-snapshot/timings.ts';
import type { Run } from '../run.ts';
import type { Context } from './concern.ts';
import { effectsOf } from './effects-plan.ts';
import type { CloudView } from './model.ts';
import { lastSnapshotAsker, type PassedPlan } from './pass.ts';

/** What is left of a plan that went through the gate: servers that hold data are destroyed after their last snapshot. */
export async function withLastSnapshots(
  context: Context,
  progress: LastApply,
  view: CloudView,
  plan: PassedPlan,
  run: Run,
): Promise<PassedPlan> {
  const doomed = doomedBy(progress.droplet, view, plan, context.fleetId);
  const asker = lastSnapshotAsker(keyOf(progress.droplet));
  return withoutUnsafe(progress.droplet, plan, await secureData(context, progress, doomed, asker, run));
}

/** The servers that a plan destroys, each with what the gate let through for it. */
export function doomedBy(droplet: Droplet, view: CloudView, plan: PassedPlan, fleetId: string): Doomed[] {
  const { own, duplicates } = effectsOf(droplet, view, plan);
  const end = own.find(({ verb }) => verb === 'destroy');
  const effectOf = (id: number): Effect | undefined =>
    end ? { ...end, server: id } : duplicates.find(({ server }) => server === id);
  const isStillDoomed = ({ tags }: CloudDroplet): boolean =>
    uidOf(tags) === droplet.metadata.uid && tags.includes(fleetTag(fleetId));
  return plan.steps.flatMap(step => {
    const effect = step.type === 'destroy' ? effectOf(step.id) : undefined;
    return step.type === 'destroy' && effect !== undefined ? [{ id: step.id, effect, isStillDoomed }] : [];
  });
}

/** The same plan, without the destruction of servers that are not safe yet. */
export function withoutUnsafe(
  { metadata }: Droplet,
  plan: PassedPlan,
  { safe, messages, held }: Secured,
): PassedPlan {
  if (messages.length === 0) return plan;
  const steps = plan.steps.filter(step => step.type !== 'destroy' || safe.has(step.id));
  const requeueAfterMs = Math.min(plan.requeueAfterMs ?? Infinity, LAST_SNAPSHOT.pollMs);
  const isLeaving = metadata.deletionTimestamp !== undefined;
  return {
    ...plan,
    steps,
    requeueAfterMs,
    ...(isLeaving && { reason: 'LastSnapshot', message: messages.join('; ') }),
    ...(held && { held, ...(isLeaving && held) }),
  };
}
