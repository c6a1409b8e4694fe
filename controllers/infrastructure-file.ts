import { DROPLETS, PROJECTS, SERVICE_DEPLOYMENTS } from '../clients/kubernetes/kinds.ts';
import type { WatchedFile } from '../config/watched-file.ts';
import type { Context } from '../reconcilers/context.ts';
import { reconcileInfrastructureFile } from '../reconcilers/infrastructure-file/reconcile.ts';
import { defineConcern, type Setup } from './concern.ts';
import { controllerFor, type Controller } from './runtime/controller.ts';
import { atStart } from './runtime/sources.ts';
import { watchLoudly } from './watched-files.ts';

const NOTHING = { timings: {}, metrics: {} };

interface InfrastructureOptions {
  /** infrastructure.json; it is not written when absent. */
  infrastructurePath?: string;
}

/** infrastructure.json, for scripts that ask no API. */
export const infrastructureFile = defineConcern({
  name: 'infrastructure-file',
  declares: NOTHING,
  setup({ context, options, log }: Setup<typeof NOTHING, InfrastructureOptions>) {
    if (!options.infrastructurePath) return {};
    const file = watchLoudly(options.infrastructurePath, log);
    return { files: [file], controllers: [infrastructureFileController(context, file)] };
  },
});

/** Keeps infrastructure.json equal to what the objects say, against edits by hand too. */
function infrastructureFileController(context: Context, file: WatchedFile): Controller {
  const keys = ['infrastructure.json'];
  const { projects, droplets, services } = context;
  return (
    controllerFor('infrastructure-file')
      .wakesOn(atStart, () => keys)
      .wakesOn<void>(file, () => keys)
      // That one comes or goes, or is to be found elsewhere.
      .watches(
        PROJECTS,
        () => keys,
        (after, before) => after.status?.masterAddress !== before.status?.masterAddress,
      )
      .watches(DROPLETS, () => keys)
      .watches(SERVICE_DEPLOYMENTS, () => keys)
      .reconciles((_key, _object, run) =>
        reconcileInfrastructureFile({ path: file.path, projects, droplets, services }, run),
      )
  );
}
