import { isSshError } from '../../clients/ssh/errors.ts';
import { findCondition } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { DROPLETS_BY_PROJECT, projectKeyOf, SERVICES_BY_PROJECT, type Hosts } from '../context.ts';
import type { Run } from '../run.ts';
import { registerWebs, deregisterWebs } from '../draining/registration.ts';
import { createDrainTracker } from '../draining/tracker.ts';
import { hostOf } from '../host/access.ts';
import { Waiting, type Outcome } from '../outcome.ts';
import { balancingOf, isBalancer, isReachable, type Balancing } from '../read-model/balancing.ts';
import type { Context } from './concern.ts';
import {
  convergeLoadBalancer,
  type ConvergeResult,
  type LoadBalancerMemory,
  type NamedMaster,
} from './converge.ts';
import { createCutter } from './cut.ts';
import { silentEndpoints } from './cut-plan.ts';
import { isLoadBalancerError } from './errors.ts';
import { createFlapDamper, type FlapDamper } from './flapping.ts';
import { DEBIAN } from './layout.ts';
import { createPacing } from './pacing.ts';
import { createQuarantine } from './quarantine.ts';
import { announceRoutes, reportServices } from './routed.ts';
import { LOAD_BALANCER_SECTION } from './section.ts';
import { errorCondition, reportLoadBalancer, runningCondition } from './status.ts';

/** How old what the last probe reported may be: enough for the reconcile that it woke. */
const FRESH_MS = 10_000;

/** Makes the nginx of masters as it should be; the key is a master's. */
export type LoadBalancerReconciler = (key: ObjectKey, run: Run) => Promise<Outcome>;

/** A reconciler that remembers what is not worth a status: how health went of late, and what nginx refused. */
export function createLoadBalancerReconciler(context: Context, hosts: Hosts): LoadBalancerReconciler {
  const memory = { pacing: createPacing(context.clock), quarantine: createQuarantine(context.clock) };
  const damper = createFlapDamper(context.clock);
  const tracker = createDrainTracker(context.clock);
  const cutter = createCutter(context);
  const failures = new Map<ObjectKey, number>();

  return async (key, run) => {
    const master = context.droplets.get(key);
    if (master === undefined || !isBalancer(master, context.projects.get(projectKeyOf(master)))) {
      failures.delete(key);
      tracker.forget(key);
      cutter.forget(key);
      return undefined;
    }
    const project = projectKeyOf(master);
    const own = context.services.byIndex(SERVICES_BY_PROJECT, project);
    const droplets = context.droplets.byIndex(DROPLETS_BY_PROJECT, project);
    const isMoving = context.projects.get(project)?.spec.servers === 1;
    const { balancing, dampedMs } = observeBalancing(droplets, own, master, damper, isMoving);
    try {
      const at = masterOf(context, hosts, master, run);
      await registerWebs(context, droplets, balancing, run);
      const announced = await announceRoutes(context, own, balancing, run);
      const outcome = await converge(context, hosts, master, at, balancing, memory);
      failures.delete(key);
      if (outcome.state === 'waiting') return { requeueAfterMs: outcome.ms };
      const cutMs = await cutter.cut(at, master, silentEndpoints(droplets, balancing), run);
      await report(context, announced, master, outcome, run);
      const drainMs = await deregisterWebs(context, hosts, at, { droplets, balancing, tracker }, run);
      const ms = Math.min(dampedMs, drainMs, cutMs, memory.quarantine.remaining(key));
      return ms === Infinity ? undefined : { requeueAfterMs: ms };
    } catch (error) {
      tracker.forget(key);
      run.signal.throwIfAborted();
      const failed = (failures.get(key) ?? 0) + 1;
      if (isLoadBalancerError(error))
        await reportLoadBalancer(context, master, errorCondition(error, master), run);
      // The host's own controller says that it cannot be reached.
      else if (!isSshError(error)) throw error;
      failures.set(key, failed);
      const { retryMs, slowestRetryMs } = hosts.timings;
      throw new Waiting(error.message, Math.min(retryMs * 2 ** (failed - 1), slowestRetryMs));
    }
  };
}

/** What is to be balanced, and how long until a droplet that is damped may come back. */
function observeBalancing(
  droplets: readonly Droplet[],
  services: readonly ServiceDeployment[],
  master: Droplet,
  damper: FlapDamper,
  isMoving: boolean,
): { balancing: Balancing; dampedMs: number } {
  const damping = new Map(
    droplets.map(droplet => [droplet, damper.dampedMs(keyOf(droplet), isHealthy(droplet))]),
  );
  const isDamped = (droplet: Droplet): boolean => (damping.get(droplet) ?? 0) > 0;
  const balancing = balancingOf(master.spec.project, droplets, services, isDamped, isMoving);
  const waits = [...damping.values()].filter(ms => ms > 0);
  return { balancing, dampedMs: Math.min(Infinity, ...waits) };
}

const isHealthy = (droplet: Droplet): boolean =>
  findCondition(droplet.status?.conditions, 'Healthy')?.status !== 'False' && isReachable(droplet);

/** The way to its nginx. */
function masterOf({ timings }: Context, hosts: Hosts, droplet: Droplet, { signal }: Run): NamedMaster {
  const host = hostOf(hosts, droplet);
  if (host === undefined) throw new Waiting('the master has no address yet', timings.pollMs);
  return { key: keyOf(droplet), host, layout: DEBIAN, signal };
}

async function converge(
  { clock }: Context,
  { probes }: Hosts,
  droplet: Droplet,
  master: NamedMaster,
  balancing: Balancing,
  memory: LoadBalancerMemory,
): Promise<ConvergeResult> {
  const results = probes.of(LOAD_BALANCER_SECTION);
  const last = results.get(droplet);
  const isFresh = last !== undefined && clock.monotonic() - last.seenAt <= FRESH_MS;
  try {
    const outcome = await convergeLoadBalancer(master, balancing, memory, isFresh ? last.facts : undefined);
    if (outcome.state === 'running' && outcome.isNew) results.changed(droplet);
    return outcome;
  } catch (error) {
    results.changed(droplet);
    throw error;
  }
}

async function report(
  context: Context,
  services: readonly ServiceDeployment[],
  master: Droplet,
  { generation, isNew }: Extract<ConvergeResult, { state: 'running' }>,
  run: Run,
): Promise<void> {
  const condition = runningCondition(generation);
  await reportServices(context, services, generation.verdicts, run);
  await reportLoadBalancer(context, master, condition, run);
  if (!isNew) return;
  run.log.info(condition.message);
  context.events.record(master, 'Normal', 'Reloaded', condition.message);
}
