import { PROJECTS } from '../clients/kubernetes/kinds.ts';
import type { WatchedFile } from '../config/watched-file.ts';
import { CSV, type Context } from '../reconcilers/projects-csv/concern.ts';
import type { CsvState } from '../reconcilers/projects-csv/csv-state.ts';
import { createCsvReconciler, CSV_ASKER } from '../reconcilers/projects-csv/reconcile.ts';
import { defineConcern, type Setup } from './concern.ts';
import { controllerFor, type Controller } from './runtime/controller.ts';
import { annotationsChanged, anyOf, generationChanged, labelsChanged } from './runtime/predicates.ts';
import { atStart, every } from './runtime/sources.ts';
import { watchLoudly } from './watched-files.ts';

/** Network file systems, and a system out of watches, tell of no change: the file is read this often anyway. */
const REREAD_MS = 60_000;

interface CsvOptions {
  /** Projects are made from this file; none is when absent. */
  csvPath?: string;
}

/** The rows of projects.csv, as Projects. */
export const csvSync = defineConcern({
  name: 'csv-sync',
  declares: CSV,
  setup({ context, options: { csvPath }, log }: Setup<typeof CSV, CsvOptions>) {
    if (!csvPath || context.csv === undefined) return {};
    const file = watchLoudly(csvPath, log);
    return { files: [file], controllers: [csvSyncController(context, file, context.csv)] };
  },
});

/** Makes Projects equal to projects.csv whenever the file or one of them changes. */
function csvSyncController(context: Context, file: WatchedFile, state: CsvState): Controller {
  const keys = ['projects.csv'];
  const reconcile = createCsvReconciler(context, { file, namespace: context.namespace, state });
  return controllerFor('csv-sync')
    .wakesOn(atStart, () => keys)
    .wakesOn<void>(file, () => keys)
    .wakesOn<readonly string[]>(context.gate, askers => (askers.includes(CSV_ASKER) ? keys : []))
    .wakesOn(every(context.clock, REREAD_MS), () => keys)
    .watches(PROJECTS, () => keys, anyOf(generationChanged, labelsChanged, annotationsChanged))
    .reconciles((_key, _object, run) => reconcile(run));
}
