import { isDeepStrictEqual } from 'node:util';
import { DROPLETS, PROJECTS, SERVICE_DEPLOYMENTS } from '../clients/kubernetes/kinds.ts';
import { findCondition } from '../crds/conditions.ts';
import type { Droplet } from '../crds/droplet.ts';
import type { ObjectKey } from '../crds/meta.ts';
import { masterName } from '../crds/names.ts';
import type { ServiceDeployment } from '../crds/service-deployment.ts';
import { projectKeyOf, SERVICES_BY_PROJECT, type Hosts } from '../reconcilers/context.ts';
import { LOAD_BALANCER, type Context } from '../reconcilers/load-balancer/concern.ts';
import { createLoadBalancerReconciler } from '../reconcilers/load-balancer/reconcile.ts';
import { LOAD_BALANCER_SECTION } from '../reconcilers/load-balancer/section.ts';
import { isReachable } from '../reconcilers/read-model/balancing.ts';
import { defineConcern, index } from './concern.ts';
import { controllerFor, type Controller } from './runtime/controller.ts';
import { annotationsChanged, anyOf, generationChanged } from './runtime/predicates.ts';

/** How many masters are worked on at once: most of the time they are waited for. */
const WORKERS = 16;

/** The nginx on masters. */
export const loadBalancer = defineConcern({
  name: 'load-balancer',
  declares: LOAD_BALANCER,
  indexes: [index(SERVICE_DEPLOYMENTS, SERVICES_BY_PROJECT, service => [projectKeyOf(service)])],
  setup: ({ context }) =>
    context.hosts === undefined ? {} : { controllers: [loadBalancerController(context, context.hosts)] },
});

/** Keeps the nginx of each project's master equal to where its services answer. */
function loadBalancerController(context: Context, hosts: Hosts): Controller {
  const reconcile = createLoadBalancerReconciler(context, hosts);
  return controllerFor('load-balancer')
    .watches(DROPLETS, masterOf, anyOf(generationChanged, annotationsChanged, placeOrHealthChanged))
    .watches(SERVICE_DEPLOYMENTS, masterOf, anyOf(generationChanged, endpointsChanged))
    .watches(PROJECTS, ({ metadata }) => [keyIn(metadata.namespace, metadata.name)], generationChanged)
    .wakesOn(hosts.probes.of(LOAD_BALANCER_SECTION), master => [master])
    .withWorkers(WORKERS)
    .reconciles((key, _object, run) => reconcile(key, run));
}

const masterOf = ({ metadata, spec }: Droplet | ServiceDeployment): ObjectKey[] => [
  keyIn(metadata.namespace, spec.project),
];

const keyIn = (namespace: string | undefined, project: string): ObjectKey =>
  `${namespace}/${masterName(project)}`;

/** What routes depend on. What is said of the load balancer itself is no news. */
function placeOrHealthChanged(after: Droplet, before: Droplet): boolean {
  return !isDeepStrictEqual(routesDependOn(after), routesDependOn(before));
}

const routesDependOn = (droplet: Droplet): unknown[] => [
  droplet.metadata.deletionTimestamp,
  droplet.status?.phase,
  droplet.status?.server?.publicAddress,
  droplet.status?.server?.privateAddress,
  ...['Provisioned', 'Configured', 'Healthy'].map(
    type => findCondition(droplet.status?.conditions, type)?.status,
  ),
  isReachable(droplet),
];

const endpointsChanged = (after: ServiceDeployment, before: ServiceDeployment): boolean =>
  after.status?.version !== before.status?.version ||
  !isDeepStrictEqual(after.status?.endpoints, before.status?.endpoints);
