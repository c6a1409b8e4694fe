import type { ServerChange } from '../clients/digitalocean/server-informer.ts';
import { retiredUidOf } from '../crds/cloud-tags.ts';
import { RETIRED } from '../reconcilers/retired/concern.ts';
import { reconcileRetired } from '../reconcilers/retired/reconcile.ts';
import { defineConcern } from './concern.ts';
import { controllerFor } from './runtime/controller.ts';

/** Servers that were replaced: kept for a while, then destroyed. */
export const retired = defineConcern({
  name: 'retired',
  declares: RETIRED,
  setup: ({ context }) => ({
    controllers: [
      controllerFor('retired')
        .wakesOn<ServerChange>(context.servers, ({ before, after }) =>
          [after ?? before!].filter(({ tags }) => retiredUidOf(tags) !== undefined).map(({ id }) => `${id}`),
        )
        .wakesOn<readonly string[]>(context.gate, askers =>
          askers.flatMap(asker => /^retired (\d+)/.exec(asker)?.[1] ?? []),
        )
        .reconciles((key, _object, run) => reconcileRetired(context, key, run)),
    ],
  }),
});
