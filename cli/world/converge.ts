import { sleep, type Clock } from '../../clients/clock.ts';
import { RECONCILE_ANNOTATION } from '../../crds/names.ts';
import { DROPLETS, PROJECTS, type ResourceKind } from '../../clients/kubernetes/kinds.ts';
import type { KubernetesObject } from '../../crds/meta.ts';
import { keyOf } from '../../crds/meta.ts';
import type { DesiredProject } from '../../reconcilers/projects-csv/plan.ts';
import { convergenceOf, type Convergence } from '../../reconcilers/read-model/convergence.ts';
import { lostDroplets, type Servers } from '../../reconcilers/read-model/as-in-cloud.ts';
import type { Progress } from '../show/progress.ts';
import type { FleetWatch } from './fleet-watch.ts';
import { untilOver, type Look } from './until-over.ts';
import type { World } from './world.ts';

/** How waiting for a fleet ended. */
export type Ending =
  Exclude<Convergence, { state: 'converging' }> | { state: 'timeout'; waitingFor: string[] };

/** What is waited for, and how. */
export interface Wait {
  fleet: FleetWatch;
  rows: readonly DesiredProject[] | undefined;
  /** Where the rows' Projects live. */
  namespace: string;
  /** Shows the fleet at every change. */
  progress: Pick<Progress, 'show'> | undefined;
  clock: Clock;
  /** Its abort counts as a timeout. */
  signal: AbortSignal;
}

/**
 * Waits until the fleet is as the rows say, or until that cannot come any more. A failure or a hold may be an old one,
 * that the operator is about to reconcile again: because of the file's mending, of a confirmation, of `--force`, or
 * because it has just started.
 */
export function untilConverged({ fleet, rows, namespace, progress, clock, signal }: Wait): Promise<Ending> {
  const look = (): Look<Ending> => {
    const summary = fleet.summary();
    const services = fleet.services();
    progress?.show(summary, services);
    const [projects, droplets] = [fleet.projects(), fleet.droplets()];
    const now = convergenceOf({ rows, namespace, projects, droplets, fleet: summary, services });
    if (now.state === 'converging')
      return { state: 'waiting', ending: { state: 'timeout', waitingFor: now.waitingFor } };
    return { state: now.state === 'converged' ? 'over' : 'failed', ending: now };
  };
  const onChange = (check: () => void): void => {
    fleet.onChange(check);
    check();
  };
  return untilOver({ look, onChange, clock, signal });
}

/** How often the cloud is asked again whether the servers run that are said to. */
const CLOUD_AGAIN_MS = 1_000;

/**
 * The same, and the cloud agrees. What the objects say may be old: an operator that has just started, or that looks
 * once a minute, does not know yet of a server that somebody destroyed.
 */
export async function untilConvergedInCloud(wait: Wait, servers: () => Promise<Servers>): Promise<Ending> {
  for (;;) {
    const ending = await untilConverged(wait);
    if (ending.state !== 'converged') return ending;
    const lost = lostDroplets(wait.fleet.droplets(), await servers());
    if (lost.length === 0) return ending;
    if (wait.signal.aborted) return { state: 'timeout', waitingFor: lost };
    await sleep(wait.clock, CLOUD_AGAIN_MS, wait.signal).catch(() => undefined);
  }
}

/** Makes the operator reconcile every object again, also at those that wait for their next try. */
export async function requestReconcile(world: World, now: Date): Promise<void> {
  await touchAll(world, PROJECTS, now);
  await touchAll(world, DROPLETS, now);
}

async function touchAll<T extends KubernetesObject>(
  { kubernetes }: World,
  kind: ResourceKind<T>,
  now: Date,
): Promise<void> {
  const patch = { metadata: { annotations: { [RECONCILE_ANNOTATION]: now.toISOString() } } };
  const { items } = await kubernetes.list(kind);
  for (const object of items) await kubernetes.patch(kind, keyOf(object), patch);
}
