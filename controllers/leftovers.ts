import type { FleetChange } from '../clients/digitalocean/fleet.ts';
import type { Context } from '../reconcilers/context.ts';
import type { createLeftoverReconciler } from '../reconcilers/leftovers/reconcile.ts';
import { controllerFor, type Controller } from './runtime/controller.ts';
import { atStart } from './runtime/sources.ts';

/** Reports what the fleet pays for and nothing owns. */
export function leftoversController(
  { fleet }: Context,
  leftovers: ReturnType<typeof createLeftoverReconciler>,
): Controller {
  const keys = ['fleet'];
  return controllerFor('leftovers')
    .wakesOn(atStart, () => keys)
    .wakesOn<FleetChange>(fleet, () => keys)
    .reconciles((_key, _object, run) => leftovers.reconcile(run));
}
