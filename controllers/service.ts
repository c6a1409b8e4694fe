import { isDeepStrictEqual } from 'node:util';
import { DROPLETS, PROJECTS, SERVICE_DEPLOYMENTS } from '../clients/kubernetes/kinds.ts';
import { findCondition } from '../crds/conditions.ts';
import type { Droplet } from '../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../crds/meta.ts';
import type { Project } from '../crds/project.ts';
import type { ServiceDeployment } from '../crds/service-deployment.ts';
import { projectKeyOf, SERVICES_BY_PROJECT, type Hosts } from '../reconcilers/context.ts';
import { summarizeServices } from '../reconcilers/read-model/services.ts';
import type { SecretSource } from '../reconcilers/secrets/source.ts';
import { SERVICE, type Context } from '../reconcilers/service/concern.ts';
import type { Images } from '../reconcilers/service/images.ts';
import { isAvailable } from '../reconcilers/service/placement-plan.ts';
import { showServices } from '../reconcilers/service/gauges.ts';
import { createServiceReconciler } from '../reconcilers/service/reconcile.ts';
import { CONTAINERS_SECTION } from '../reconcilers/service/section.ts';
import type { Supplies } from '../reconcilers/service/wanted.ts';
import { defineConcern, type Setup } from './concern.ts';
import { controllerFor, type Controller } from './runtime/controller.ts';
import { annotationsChanged, anyOf, generationChanged } from './runtime/predicates.ts';

/** How many services are worked on at once: most of the time hosts are waited for. */
const WORKERS = 32;

/** Releases, on the servers of their projects. */
export const service = defineConcern({
  name: 'service',
  declares: SERVICE,
  setup({ context, options: { images } }: Setup<typeof SERVICE, ServiceOptions>) {
    const { hosts, secrets } = context;
    if (hosts === undefined || secrets === undefined || images === undefined) return {};
    showServices(context.metrics, () => summarizeServices(context.services.list(), []));
    return { controllers: [serviceController(context, hosts, images, secrets)] };
  },
});

interface ServiceOptions {
  /** Where the images of services come from; without it none is rolled out. */
  images?: Images;
}

/** Makes the containers of each service as it says. */
function serviceController(
  context: Context,
  hosts: Hosts,
  images: Images,
  secrets: SecretSource,
): Controller {
  const supplies: Supplies = { images, secretsOf: service => secrets.of(service) };
  const servicesOf = (project: ObjectKey): ObjectKey[] =>
    context.services.byIndex(SERVICES_BY_PROJECT, project).map(keyOf);
  const onDroplet = (key: ObjectKey): ObjectKey[] => {
    const droplet = context.droplets.get(key);
    return droplet === undefined ? [] : servicesOf(projectKeyOf(droplet));
  };
  return controllerFor('service', SERVICE_DEPLOYMENTS)
    .filteredBy(anyOf(generationChanged, annotationsChanged, routeChanged))
    .watches(DROPLETS, droplet => servicesOf(projectKeyOf(droplet)), placeChanged)
    .watches(PROJECTS, project => servicesOf(keyOf(project)), anyOf(generationChanged, dataVolumeMoved))
    .wakesOn(hosts.probes.of(CONTAINERS_SECTION), onDroplet)
    .wakesOn(secrets, services => [...services])
    .withWorkers(WORKERS)
    .reconciles(createServiceReconciler(context, hosts, supplies));
}

/** The project's volume came to its place, or left it; while it is on its way, what is said of it is passed on. */
const dataVolumeMoved = (after: Project, before: Project): boolean =>
  !isDeepStrictEqual(volumeOf(after), volumeOf(before));

const volumeOf = ({ status }: Project): unknown[] => [
  status?.dataVolume,
  findCondition(status?.conditions, 'DataVolumeReady')?.message,
];

/** What the load balancer does with it; what the controller says itself is no news. */
const routeChanged = (after: ServiceDeployment, before: ServiceDeployment): boolean =>
  !isDeepStrictEqual(after.status?.routed, before.status?.routed) ||
  after.metadata.deletionTimestamp !== before.metadata.deletionTimestamp;

function placeChanged(after: Droplet, before: Droplet): boolean {
  return !isDeepStrictEqual(placeOf(after), placeOf(before));
}

const placeOf = (droplet: Droplet): unknown[] => [
  isAvailable(droplet),
  droplet.metadata.deletionTimestamp,
  droplet.status?.server?.privateAddress,
];
