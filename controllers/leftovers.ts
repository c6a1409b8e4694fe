import { LEFTOVERS } from '../reconcilers/leftovers/concern.ts';
import type { FleetChange } from '../clients/digitalocean/fleet.ts';
import { createLeftoverReconciler } from '../reconcilers/leftovers/reconcile.ts';
import { defineConcern } from './concern.ts';
import { controllerFor } from './runtime/controller.ts';
import { atStart } from './runtime/sources.ts';

/** What the fleet pays for and nothing owns: reported, and left alone. */
export const leftovers = defineConcern({
  name: 'leftovers',
  declares: LEFTOVERS,
  setup({ context }) {
    const keys = ['fleet'];
    const reconciler = createLeftoverReconciler(context);
    context.metrics.leftovers.readAtScrape(() => [[reconciler.current().length]]);
    const controller = controllerFor('leftovers')
      .wakesOn(atStart, () => keys)
      .wakesOn<FleetChange>(context.fleet, () => keys)
      .reconciles((_key, _object, run) => reconciler.reconcile(run));
    return { controllers: [controller] };
  },
});
