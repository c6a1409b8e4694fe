import { PROJECTS } from '../../clients/kubernetes/kinds.ts';
import { patchStatus } from '../../clients/kubernetes/status.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import type { Project } from '../../crds/project.ts';
import { DROPLETS_BY_PROJECT, type Context, type Run } from '../context.ts';
import { isStalled, type Outcome, type Stalled } from '../outcome.ts';
import { applyStep, type Progress } from './apply.ts';
import { planProject } from './plan.ts';
import type { CsvState } from '../projects-csv/csv-state.ts';
import { projectStatus, type ProjectFacts } from './status.ts';

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
  let stalled: Stalled | undefined;
  try {
    for (const step of planProject(project, droplets)) await applyStep(step, progress, context, run);
  } catch (error) {
    if (isStalled(error)) stalled = error;
    throw error;
  } finally {
    if (!progress.finished && !run.signal.aborted)
      await writeStatus(context, progress.project, { brake: csv?.heldBack(key), stalled }, run);
  }
  return undefined;
}

/** Droplets that this run created are not in the cache yet: their arrival makes the next run. */
async function writeStatus(
  context: Context,
  project: Project,
  trouble: Pick<ProjectFacts, 'brake' | 'stalled'>,
  run: Run,
): Promise<void> {
  const status = projectStatus(project, {
    droplets: context.droplets.byIndex(DROPLETS_BY_PROJECT, keyOf(project)),
    prices: new Map([...context.sizes.known()].map(([slug, size]) => [slug, size.priceMonthly])),
    now: new Date(context.clock.now()),
    ...trouble,
  });
  // By version, as the conditions are one list, and what looks after the firewalls writes another of them.
  const written = await patchStatus(context.kubernetes, PROJECTS, project, status, run, 'version');
  const wasReady = readyReason(project);
  const isReady = readyReason(written);
  if (isReady !== wasReady) run.log.info(`${isReady}: ${readyMessage(written)}`);
}

const ready = (project: Project) => project.status?.conditions?.find(({ type }) => type === 'Ready');
const readyReason = (project: Project): string | undefined => ready(project)?.reason;
const readyMessage = (project: Project): string => ready(project)?.message ?? '';
