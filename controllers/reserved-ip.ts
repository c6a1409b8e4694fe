import type { ServerChange } from '../clients/digitalocean/server-informer.ts';
import { DROPLETS, PROJECTS } from '../clients/kubernetes/kinds.ts';
import { projectKeyOf } from '../reconcilers/context.ts';
import { RESERVED_IP } from '../reconcilers/reserved-ip/concern.ts';
import { addressOwnersAmong, reconcileReservedIP } from '../reconcilers/reserved-ip/reconcile.ts';
import { defineConcern } from './concern.ts';
import { masterChanged, projectsOfServer } from './master.ts';
import { controllerFor } from './runtime/controller.ts';
import { annotationsChanged, anyOf, generationChanged } from './runtime/predicates.ts';

/** The addresses that lead to masters, whichever servers those are. */
export const reservedIP = defineConcern({
  name: 'reserved-ip',
  declares: RESERVED_IP,
  setup: ({ context }) => ({
    controllers: [
      controllerFor('reserved-ip', PROJECTS)
        .filteredBy(anyOf(generationChanged, annotationsChanged))
        .watches(
          DROPLETS,
          droplet => (droplet.spec.role === 'master' ? [projectKeyOf(droplet)] : []),
          masterChanged,
        )
        .wakesOn<readonly string[]>(context.gate, addressOwnersAmong)
        .wakesOn<ServerChange>(context.servers, change => projectsOfServer(context, change))
        .reconciles((key, project, run) => reconcileReservedIP(context, key, project, run)),
    ],
  }),
});
