import { DROPLETS, PROJECTS, SERVICE_DEPLOYMENTS } from '../clients/kubernetes/kinds.ts';
import { isConditionTrue } from '../crds/conditions.ts';
import type { Droplet } from '../crds/droplet.ts';
import type { ServiceDeployment } from '../crds/service-deployment.ts';
import { projectKeyOf } from '../reconcilers/context.ts';
import { isAvailable } from '../reconcilers/service/placement-plan.ts';
import { SNAPSHOT } from '../reconcilers/snapshot/concern.ts';
import { showSnapshots } from '../reconcilers/snapshot/gauges.ts';
import { createSnapshotReconciler } from '../reconcilers/snapshot/reconcile.ts';
import { createSnapshotSource } from '../reconcilers/snapshot/source.ts';
import { defineConcern } from './concern.ts';
import { controllerFor } from './runtime/controller.ts';
import { generationChanged } from './runtime/predicates.ts';

/** How many projects are worked on at once: most of the time a host or an action is waited for. */
const WORKERS = 8;

/** Snapshots of the servers: taken, kept, and removed. */
export const snapshot = defineConcern({
  name: 'snapshot',
  declares: SNAPSHOT,
  setup({ context, log }) {
    // Without a way to the hosts nothing on them can be held still.
    if (context.hosts === undefined) return {};
    const source = createSnapshotSource({ ...context, log });
    showSnapshots(context, source);
    const controller = controllerFor('snapshot', PROJECTS)
      .filteredBy(generationChanged)
      .watches(DROPLETS, droplet => [projectKeyOf(droplet)], serverChanged)
      .watches(SERVICE_DEPLOYMENTS, service => [projectKeyOf(service)], releaseChanged)
      .withWorkers(WORKERS)
      .reconciles(createSnapshotReconciler(context, context.hosts, source));
    return { controllers: [controller] };
  },
});

const serverChanged = (after: Droplet, before: Droplet): boolean =>
  isAvailable(after) !== isAvailable(before);

const releaseChanged = (
  { status: after }: ServiceDeployment,
  { status: before }: ServiceDeployment,
): boolean =>
  after?.deployedAt !== before?.deployedAt ||
  isConditionTrue(after?.conditions, 'Rolled') !== isConditionTrue(before?.conditions, 'Rolled');
