import { DROPLETS, PROJECTS, SERVICE_DEPLOYMENTS } from '../clients/kubernetes/kinds.ts';
import type { WatchedFile } from '../config/watched-file.ts';
import {
  reconcileInfrastructureFile,
  type InfrastructureSources,
} from '../reconcilers/infrastructure-file/reconcile.ts';
import { controllerFor, type Controller } from './runtime/controller.ts';
import { atStart } from './runtime/sources.ts';

/** Keeps infrastructure.json equal to what the objects say, against edits by hand too. */
export function infrastructureFileController(
  file: WatchedFile,
  sources: Omit<InfrastructureSources, 'path'>,
): Controller {
  const keys = ['infrastructure.json'];
  return (
    controllerFor('infrastructure-file')
      .wakesOn(atStart, () => keys)
      .wakesOn<void>(file, () => keys)
      // Only that one comes or goes matters.
      .watches(
        PROJECTS,
        () => keys,
        () => false,
      )
      .watches(DROPLETS, () => keys)
      .watches(SERVICE_DEPLOYMENTS, () => keys)
      .reconciles((_key, _object, run) => reconcileInfrastructureFile({ path: file.path, ...sources }, run))
  );
}
