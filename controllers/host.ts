import { DROPLETS, PROJECTS, SERVICE_DEPLOYMENTS } from '../clients/kubernetes/kinds.ts';
import { isConditionTrue } from '../crds/conditions.ts';
import type { Droplet } from '../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../crds/meta.ts';
import type { ServiceDeployment } from '../crds/service-deployment.ts';
import { DROPLETS_BY_PROJECT, projectKeyOf, type Context, type Hosts } from '../reconcilers/context.ts';
import { HOST } from '../reconcilers/host/concern.ts';
import { createHostReconciler, isUnhealthy } from '../reconcilers/host/reconcile.ts';
import { defineConcern } from './concern.ts';
import { controllerFor, type Controller } from './runtime/controller.ts';
import { createTrigger } from './runtime/sources.ts';
import { annotationsChanged, anyOf, generationChanged } from './runtime/predicates.ts';

/** How many hosts are worked on at once: most of the time they are waited for. */
const WORKERS = 32;

/** What is on the servers. */
export const host = defineConcern({
  name: 'host',
  declares: HOST,
  setup: ({ context }) =>
    context.hosts === undefined ? {} : { controllers: [hostController(context, context.hosts)] },
});

/** Makes each host as it should be, and looks after it from then on. */
function hostController(context: Context, hosts: Hosts): Controller {
  const hostsOf = (project: ObjectKey): ObjectKey[] =>
    context.droplets.byIndex(DROPLETS_BY_PROJECT, project).map(keyOf);
  // Whether it is one host or the operator's own network is known soon, and not after everybody's next turn.
  const turns = createTrigger<readonly ObjectKey[]>();
  const reconcile = createHostReconciler(context, hosts, (isReached, lost) =>
    turns.emit(isReached ? [...lost] : reachedOf(context.droplets.list()).filter(key => !lost.has(key))),
  );
  return controllerFor('host', DROPLETS)
    .filteredBy(anyOf(generationChanged, annotationsChanged, serverChanged))
    .watches(PROJECTS, project => hostsOf(keyOf(project)), generationChanged)
    .watches(
      SERVICE_DEPLOYMENTS,
      // Without a platform of its own it has no say in what is on the hosts.
      service => (service.spec.platform === undefined ? [] : hostsOf(projectKeyOf(service))),
      platformChanged,
    )
    .wakesOn(turns, keys => keys)
    .withWorkers(WORKERS)
    .reconciles(reconcile);
}

const reachedOf = (droplets: readonly Droplet[]): ObjectKey[] =>
  droplets.filter(({ status }) => isConditionTrue(status?.conditions, 'Reachable')).map(keyOf);

const platformChanged = (after: ServiceDeployment, before: ServiceDeployment): boolean =>
  after.spec.platform !== before.spec.platform;

/**
 * Another server, or it came up, went down or got another address, or its observers lost or found it. What is said of
 * the host itself is no news.
 */
function serverChanged(after: Droplet, before: Droplet): boolean {
  const [now, then] = [after.status ?? {}, before.status ?? {}];
  return (
    now.server?.id !== then.server?.id ||
    now.server?.publicAddress !== then.server?.publicAddress ||
    isConditionTrue(now.conditions, 'Provisioned') !== isConditionTrue(then.conditions, 'Provisioned') ||
    isUnhealthy(after) !== isUnhealthy(before)
  );
}
