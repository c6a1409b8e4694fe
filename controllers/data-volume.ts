import type { ServerChange } from '../clients/digitalocean/server-informer.ts';
import { DROPLETS, PROJECTS } from '../clients/kubernetes/kinds.ts';
import type { ObjectKey } from '../crds/meta.ts';
import { projectKeyOf } from '../reconcilers/context.ts';
import { DATA_VOLUME, type Context } from '../reconcilers/data-volume/concern.ts';
import { reconcileDataVolume, volumeOwnersAmong } from '../reconcilers/data-volume/reconcile.ts';
import { DATA_VOLUME_SECTION } from '../reconcilers/data-volume/section.ts';
import { defineConcern } from './concern.ts';
import { masterChanged, projectsOfServer } from './master.ts';
import { controllerFor, type Controller } from './runtime/controller.ts';
import { annotationsChanged, anyOf, generationChanged } from './runtime/predicates.ts';

/** How many projects are worked on at once: most of the time an action is waited for. */
const WORKERS = 8;

/** The volumes that projects keep their data on, and where they are. */
export const dataVolume = defineConcern({
  name: 'data-volume',
  declares: DATA_VOLUME,
  setup: ({ context }) => ({ controllers: [dataVolumeController(context)] }),
});

function dataVolumeController(context: Context): Controller {
  const ofDroplet = (key: ObjectKey): ObjectKey[] => {
    const droplet = context.droplets.get(key);
    return droplet?.spec.role === 'master' ? [projectKeyOf(droplet)] : [];
  };
  const controller = controllerFor('data-volume', PROJECTS)
    .filteredBy(anyOf(generationChanged, annotationsChanged))
    .watches(
      DROPLETS,
      droplet => (droplet.spec.role === 'master' ? [projectKeyOf(droplet)] : []),
      masterChanged,
    )
    .wakesOn<readonly string[]>(context.gate, volumeOwnersAmong)
    .wakesOn<ServerChange>(context.servers, change => projectsOfServer(context, change))
    .withWorkers(WORKERS);
  return (
    context.hosts === undefined
      ? controller
      : controller.wakesOn(context.hosts.probes.of(DATA_VOLUME_SECTION), ofDroplet)
  ).reconciles((key, project, run) => reconcileDataVolume(context, key, project, run));
}
