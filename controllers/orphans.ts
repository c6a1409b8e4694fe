import { ORPHANS } from '../reconcilers/orphans/concern.ts';
import type { ServerChange } from '../clients/digitalocean/server-informer.ts';
import { createOrphanReconciler } from '../reconcilers/orphans/reconcile.ts';
import { defineConcern } from './concern.ts';
import { controllerFor } from './runtime/controller.ts';
import { atStart } from './runtime/sources.ts';

/** What the fleet pays for and nothing owns: reported, and left alone. */
export const orphans = defineConcern({
  name: 'orphans',
  declares: ORPHANS,
  setup({ context }) {
    const keys = ['fleet'];
    const reconciler = createOrphanReconciler(context);
    context.metrics.orphans.readAtScrape(() => [[reconciler.current().length]]);
    const controller = controllerFor('orphans')
      .wakesOn(atStart, () => keys)
      .wakesOn<ServerChange>(context.servers, () => keys)
      .reconciles((_key, _object, run) => reconciler.reconcile(run));
    return { controllers: [controller] };
  },
});
