import { addFinalizer, removeFinalizers } from '../../clients/kubernetes/finalizer.ts';
import { SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import { isSshError } from '../../clients/ssh/errors.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import { SERVICE_FINALIZER } from '../../crds/names.ts';
import type { ConditionValue } from '../../crds/conditions.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { Hosts } from '../context.ts';
import { Waiting, type Outcome } from '../outcome.ts';
import type { Run } from '../run.ts';
import type { Context } from './concern.ts';
import { keep } from './keep.ts';
import { createServiceMemory } from './memory.ts';
import { observeService } from './observe.ts';
import { portFor } from './port-plan.ts';
import { mayBringBack } from './rollout-plan.ts';
import { report, type Rollout } from './progress.ts';
import { wishOf } from './overtaken.ts';
import { rollOut } from './rollout.ts';
import { notYet } from './status.ts';
import { findWanted, type Supplies } from './wanted.ts';

/** Makes services run as they should, one key at a time. */
export type ServiceReconciler = (
  key: ObjectKey,
  service: ServiceDeployment | undefined,
  run: Run,
) => Promise<Outcome>;

/** A reconciler that remembers of services what it has seen of their containers and requests. */
export function createServiceReconciler(
  context: Context,
  hosts: Hosts,
  supplies: Supplies,
): ServiceReconciler {
  const memory = createServiceMemory(context.clock);
  return async (key, found, run) => {
    if (found === undefined) return memory.forget(key) as undefined;
    const isGoing = found.metadata.deletionTimestamp !== undefined;
    if (isGoing && !hasFinalizer(found)) return undefined;
    const service = isGoing ? found : await hold(context, found, run);
    const rollout: Rollout = {
      context,
      hosts,
      supplies,
      memory,
      run,
      service,
      goal: undefined,
      isFallback: false,
      wish: wishOf(service),
    };
    const outcome = await reconcile(rollout).catch((error: unknown) => unreachable(rollout, error));
    if (isGoing && outcome === undefined && hasNoContainer(rollout)) await letGo(rollout);
    return outcome;
  };
}

/** Until what is wanted runs; a release that is rejected makes another one wanted. */
async function reconcile(rollout: Rollout): Promise<Outcome> {
  const { context, hosts, supplies, run } = rollout;
  if (isOver(rollout)) return await withdraw(rollout);
  await givePort(rollout);
  for (;;) {
    rollout.wish = wishOf(rollout.service);
    const surroundings = observeService(context, hosts, rollout.service);
    const say = (Built: ConditionValue): Promise<void> => report(rollout, { conditions: { Built } });
    const wanted = await findWanted(rollout.service, surroundings, hosts, supplies, run, say);
    if (wanted.type === 'unclear') {
      await report(rollout, { conditions: wanted.conditions });
      return wanted.againMs === undefined ? undefined : { requeueAfterMs: wanted.againMs };
    }
    if (wanted.type === 'kept') {
      await keep(rollout, wanted.lacking);
      return undefined;
    }
    rollout.goal = wanted.type === 'release' ? wanted.goal : undefined;
    rollout.isFallback = wanted.type === 'release' && wanted.isFallback;
    const outcome = await rollOut(rollout);
    if (outcome !== 'again') return outcome;
  }
}

/** Its project is gone, with every server that it ran on. One that never ran may be here before its Project. */
function isOver({ context, hosts, service }: Rollout): boolean {
  const { project, servers } = observeService(context, hosts, service);
  const isGoing = service.metadata.deletionTimestamp !== undefined;
  return !isGoing && project === undefined && servers.length === 0 && service.status?.version !== undefined;
}

async function withdraw({ context, service, run }: Rollout): Promise<undefined> {
  const uid = service.metadata.uid!;
  await context.kubernetes.delete(SERVICE_DEPLOYMENTS, keyOf(service), { uid, signal: run.signal });
  run.log.info('deleted: its project is gone');
}

/** Says so when it was a host that could not be asked, which is tried again. */
async function unreachable(rollout: Rollout, error: unknown): Promise<never> {
  if (!isSshError(error) || rollout.run.signal.aborted) throw error;
  await report(rollout, { conditions: { Rolled: notYet('ServerUnreachable', error.message) } });
  throw new Waiting(error.message, rollout.hosts.timings.retryMs);
}

/** Once given, a port stays. */
async function givePort(rollout: Rollout): Promise<void> {
  const { context, hosts, service } = rollout;
  const { services } = observeService(context, hosts, service);
  const port = portFor(service, services);
  if (port !== service.status?.port) await report(rollout, { fields: { port } });
}

const hasFinalizer = ({ metadata }: ServiceDeployment): boolean =>
  metadata.finalizers?.includes(SERVICE_FINALIZER) ?? false;

const hold = (context: Context, service: ServiceDeployment, run: Run): Promise<ServiceDeployment> =>
  addFinalizer(context.kubernetes, SERVICE_DEPLOYMENTS, service, SERVICE_FINALIZER, run);

/** On no server that is there, nor on one that comes back; those of one that is gone are gone too. */
function hasNoContainer({ context, hosts, service }: Rollout): boolean {
  const { servers } = observeService(context, hosts, service);
  return servers.every(server =>
    server.isAvailable ? server.containers?.length === 0 : !mayBringBack(server),
  );
}

async function letGo({ context, service, memory, run }: Rollout): Promise<void> {
  await removeFinalizers(context.kubernetes, SERVICE_DEPLOYMENTS, service, [SERVICE_FINALIZER], run);
  memory.forget(keyOf(service));
}
