import { DROPLETS, PROJECTS } from '../clients/kubernetes/kinds.ts';
import { isConditionTrue } from '../crds/conditions.ts';
import type { Droplet } from '../crds/droplet.ts';
import { keyOf } from '../crds/meta.ts';
import { DROPLETS_BY_PROJECT, type Context, type Hosts } from '../reconcilers/context.ts';
import { createHostReconciler } from '../reconcilers/host/reconcile.ts';
import { controllerFor, type Controller } from './runtime/controller.ts';
import { annotationsChanged, anyOf, generationChanged } from './runtime/predicates.ts';

/** How many hosts are worked on at once: most of the time they are waited for. */
const WORKERS = 32;

/** Makes each host as it should be, and looks after it from then on. */
export function hostController(context: Context, hosts: Hosts): Controller {
  return controllerFor('host', DROPLETS)
    .filteredBy(anyOf(generationChanged, annotationsChanged, serverChanged))
    .watches(
      PROJECTS,
      project => context.droplets.byIndex(DROPLETS_BY_PROJECT, keyOf(project)).map(keyOf),
      generationChanged,
    )
    .withWorkers(WORKERS)
    .reconciles(createHostReconciler(context, hosts));
}

/** Another server, or it came up, went down or got another address. What is said of the host itself is no news. */
function serverChanged(after: Droplet, before: Droplet): boolean {
  const [now, then] = [after.status ?? {}, before.status ?? {}];
  return (
    now.server?.id !== then.server?.id ||
    now.server?.publicAddress !== then.server?.publicAddress ||
    isConditionTrue(now.conditions, 'Provisioned') !== isConditionTrue(then.conditions, 'Provisioned')
  );
}
