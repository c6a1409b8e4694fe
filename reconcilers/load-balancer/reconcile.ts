import type { Reader } from '../../clients/kubernetes/client.ts';
import { isSshError } from '../../clients/ssh/errors.ts';
import { findCondition, isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { DROPLETS_BY_PROJECT, projectKeyOf, type Context, type Hosts, type Run } from '../context.ts';
import { hostOf } from '../host/access.ts';
import { Waiting, type Outcome } from '../outcome.ts';
import { balancingOf, type Balancing } from '../read-model/balancing.ts';
import { convergeLoadBalancer, type Convergence, type LoadBalancerMemory } from './converge.ts';
import { isLoadBalancerError } from './errors.ts';
import { createFlapDamper, type FlapDamper } from './flapping.ts';
import { DEBIAN } from './layout.ts';
import { createPacing } from './pacing.ts';
import { createQuarantine } from './quarantine.ts';
import { tellServices } from './routed.ts';
import { sayRunning, sayTrouble, tell } from './status.ts';

/** Makes the nginx of masters as it should be; the key is a master's. */
export type LoadBalancerReconciler = (key: ObjectKey, run: Run) => Promise<Outcome>;

/** A reconciler that remembers what is not worth a status: how health went of late, and what nginx refused. */
export function createLoadBalancerReconciler(
  context: Context,
  hosts: Hosts,
  services: Pick<Reader<ServiceDeployment>, 'list'>,
): LoadBalancerReconciler {
  const memory = { pacing: createPacing(context.clock), quarantine: createQuarantine(context.clock) };
  const damper = createFlapDamper(context.clock);
  const failures = new Map<ObjectKey, number>();

  return async (key, run) => {
    const master = context.droplets.get(key);
    if (master === undefined || !mayBeWorkedOn(context, master)) {
      failures.delete(key);
      return undefined;
    }
    const { namespace } = master.metadata;
    const own = services.list().filter(({ metadata }) => metadata.namespace === namespace);
    const { balancing, heldOutMs } = observeBalancing(context, own, master, damper);
    try {
      const outcome = await converge(context, hosts, master, balancing, memory, run);
      failures.delete(key);
      if (outcome.state === 'waiting') return { requeueAfterMs: outcome.ms };
      await report(context, own, master, outcome, run);
      return heldOutMs === Infinity ? undefined : { requeueAfterMs: heldOutMs };
    } catch (error) {
      run.signal.throwIfAborted();
      const failed = (failures.get(key) ?? 0) + 1;
      if (isLoadBalancerError(error)) await tell(context, master, sayTrouble(error, master), run);
      // The host's own controller says that it cannot be reached.
      else if (!isSshError(error)) throw error;
      failures.set(key, failed);
      const { retryMs, slowestRetryMs } = hosts.timings;
      throw new Waiting(error.message, Math.min(retryMs * 2 ** (failed - 1), slowestRetryMs));
    }
  };
}

/**
 * A master that is there, is to stay, and was configured. Later trouble with its configuration is no reason to leave
 * the routes as they are.
 */
function mayBeWorkedOn({ projects }: Context, droplet: Droplet): boolean {
  const { metadata, spec, status } = droplet;
  if (spec.role !== 'master' || metadata.deletionTimestamp !== undefined) return false;
  if (projects.get(projectKeyOf(droplet))?.spec.suspend) return false;
  const isConfigured = isConditionTrue(status?.conditions, 'Configured');
  const wasConfigured = findCondition(status?.conditions, 'LoadBalancerReady') !== undefined;
  return isConditionTrue(status?.conditions, 'Provisioned') && (isConfigured || wasConfigured);
}

/** What is to be balanced, and how long until a droplet that is held out may come back. */
function observeBalancing(
  { droplets }: Context,
  services: readonly ServiceDeployment[],
  master: Droplet,
  damper: FlapDamper,
): { balancing: Balancing; heldOutMs: number } {
  const own = droplets.byIndex(DROPLETS_BY_PROJECT, projectKeyOf(master));
  const holds = new Map(own.map(droplet => [droplet, damper.heldOutMs(keyOf(droplet), isWell(droplet))]));
  const isHeldOut = (droplet: Droplet): boolean => (holds.get(droplet) ?? 0) > 0;
  const balancing = balancingOf(master.spec.project, own, services, isHeldOut);
  const waits = [...holds.values()].filter(ms => ms > 0);
  return { balancing, heldOutMs: Math.min(Infinity, ...waits) };
}

const isWell = ({ status }: Droplet): boolean =>
  findCondition(status?.conditions, 'Healthy')?.status !== 'False';

async function converge(
  context: Context,
  hosts: Hosts,
  droplet: Droplet,
  balancing: Balancing,
  memory: LoadBalancerMemory,
  { signal }: Run,
): Promise<Convergence> {
  const host = hostOf(hosts, droplet);
  if (host === undefined) throw new Waiting('the master has no address yet', context.timings.pollMs);
  const key = keyOf(droplet);
  const { loadBalancers } = hosts;
  try {
    const master = { key, host, layout: DEBIAN, signal };
    const outcome = await convergeLoadBalancer(master, balancing, memory, loadBalancers.take(key));
    if (outcome.state === 'running' && outcome.isNew) loadBalancers.changed(key);
    return outcome;
  } catch (error) {
    loadBalancers.changed(key);
    throw error;
  }
}

async function report(
  context: Context,
  services: readonly ServiceDeployment[],
  master: Droplet,
  { generation, isNew }: Extract<Convergence, { state: 'running' }>,
  run: Run,
): Promise<void> {
  const saying = sayRunning(generation);
  await tellServices(context, services, generation.verdicts, run);
  await tell(context, master, saying, run);
  if (!isNew) return;
  run.log.info(saying.message);
  context.events.record(master, 'Normal', 'Reloaded', saying.message);
}
