import { PROJECTS } from '../../clients/kubernetes/kinds.ts';
import { patchStatus } from '../../clients/kubernetes/status.ts';
import type { ObjectKey } from '../../crds/meta.ts';
import type { Project } from '../../crds/project.ts';
import { DROPLETS_BY_PROJECT, type Context, type Run } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import { applyStep, type Progress } from './apply.ts';
import { planProject } from './plan.ts';
import type { CsvState } from '../projects-csv/csv-state.ts';
import { projectStatus, type HeldBack } from './status.ts';

/**
 * Makes a Project's Droplets equal to its spec and sums them up in its status.
 *
 * @param csv what csv-sync found, when there is a projects.csv.
 */
export async function reconcileProject(
  context: Context,
  key: ObjectKey,
  project: Project | undefined,
  csv: CsvState | undefined,
  run: Run,
): Promise<Outcome> {
  if (project === undefined) return undefined;
  const isDeleting = project.metadata.deletionTimestamp !== undefined;
  // The change that csv-sync is about to make wakes this key again.
  if (!isDeleting && csv?.isAboutToChange(project)) return undefined;
  const droplets = context.droplets.byIndex(DROPLETS_BY_PROJECT, key);
  const progress: Progress = { project, finished: false };
  try {
    for (const step of planProject(project, droplets)) await applyStep(step, progress, context, run);
  } finally {
    if (!progress.finished && !run.signal.aborted)
      await writeStatus(context, key, progress.project, csv?.heldBack(key), run);
  }
  return undefined;
}

/** Droplets that this run created are not in the cache yet: their arrival makes the next run. */
async function writeStatus(
  context: Context,
  key: ObjectKey,
  project: Project,
  brake: HeldBack | undefined,
  run: Run,
): Promise<void> {
  const droplets = context.droplets.byIndex(DROPLETS_BY_PROJECT, key);
  const prices = new Map([...context.sizes.known()].map(([slug, size]) => [slug, size.priceMonthly]));
  const status = projectStatus(project, droplets, prices, brake, new Date(context.clock.now()));
  const written = await patchStatus(context.kubernetes, PROJECTS, project, status, run);
  const wasReady = readyReason(project);
  const isReady = readyReason(written);
  if (isReady !== wasReady) run.log.info(`${isReady}: ${readyMessage(written)}`);
}

const ready = (project: Project) => project.status?.conditions?.find(({ type }) => type === 'Ready');
const readyReason = (project: Project): string | undefined => ready(project)?.reason;
const readyMessage = (project: Project): string => ready(project)?.message ?? '';
