import { PROJECTS } from '../clients/kubernetes/kinds.ts';
import type { WatchedFile } from '../config/watched-file.ts';
import type { Context } from '../reconcilers/context.ts';
import type { CsvState } from '../reconcilers/projects-csv/csv-state.ts';
import { createCsvReconciler, CSV_ASKER } from '../reconcilers/projects-csv/reconcile.ts';
import { controllerFor, type Controller } from './runtime/controller.ts';
import { annotationsChanged, anyOf, generationChanged, labelsChanged } from './runtime/predicates.ts';
import { atStart, every } from './runtime/sources.ts';

/** Network file systems, and a system out of watches, tell of no change: the file is read this often anyway. */
const REREAD_MS = 60_000;

/** Makes Projects equal to projects.csv whenever the file or one of them changes. */
export function csvSyncController(
  context: Context,
  file: WatchedFile,
  namespace: string,
  state: CsvState,
): Controller {
  const keys = ['projects.csv'];
  const reconcile = createCsvReconciler(context, { file, namespace, state });
  return controllerFor('csv-sync')
    .wakesOn(atStart, () => keys)
    .wakesOn<void>(file, () => keys)
    .wakesOn<readonly string[]>(context.gate, askers => (askers.includes(CSV_ASKER) ? keys : []))
    .wakesOn(every(context.clock, REREAD_MS), () => keys)
    .watches(PROJECTS, () => keys, anyOf(generationChanged, labelsChanged, annotationsChanged))
    .reconciles((_key, _object, run) => reconcile(run));
}
