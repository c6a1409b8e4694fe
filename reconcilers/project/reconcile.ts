import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import type { Project } from '../../crds/project.ts';
import { DROPLETS_BY_PROJECT, PROJECTS_BY_NAME, type Context } from '../context.ts';
import type { Run } from '../run.ts';
import { Stalled, isStalled, type Outcome } from '../outcome.ts';
import { applyStep, type ProjectApply } from './apply.ts';
import type { Effect } from '../gate/effect.ts';
import { takeOffExpired, type Answer } from '../gate/gate.ts';
import type { HeldBack } from '../gate/held-back.ts';
import type { CsvState } from '../projects-csv/csv-state.ts';
import { lossOf } from '../projects-csv/plan.ts';
import { NAME_TAKEN, nameTakenBy, nameTakenMessage } from '../read-model/project-names.ts';
import { writeProjectStatus } from '../status/write.ts';
import { planProject, type ProjectStep } from './plan.ts';
import { projectChange, type ProjectFacts } from './status.ts';

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
  if (project === undefined) return await withdraw(context, key, run);
  const isDeleting = project.metadata.deletionTimestamp !== undefined;
  // The change that csv-sync is about to make wakes this key again.
  if (!isDeleting && csv?.isAboutToChange(project)) return undefined;
  const droplets = context.droplets.byIndex(DROPLETS_BY_PROJECT, key);
  await takeOffExpired(context.kubernetes, project, context.clock.now(), run);
  const progress: ProjectApply = { project, finished: false };
  let stalled: Stalled | undefined;
  let answer: Answer = { type: 'pass' };
  try {
    if (!isDeleting) await expectItsName(context, project, run);
    const steps = planProject(project, droplets);
    answer = await passGate(context, project, steps, run);
    for (const step of steps)
      if (answer.type === 'pass' || step.type !== 'delete-droplet')
        await applyStep(step, progress, context, run);
  } catch (error) {
    if (isStalled(error)) stalled = error;
    throw error;
  } finally {
    if (!progress.finished && !run.signal.aborted)
      await writeStatus(
        context,
        progress.project,
        { hold: csv?.heldBack(key) ?? heldBy(answer), rowHeld: csv?.rowHeld(project), stalled },
        run,
      );
  }
  if (answer.type === 'pass') return undefined;
  return { requeueAfterMs: answer.type === 'wait' ? answer.ms : HELD_AGAIN_MS };
}

/** Nothing is made of a Project whose name another has, and what it has from before is left as it is. */
async function expectItsName(context: Context, project: Project, run: Run): Promise<void> {
  const holder = nameTakenBy(project, context.projects.byIndex(PROJECTS_BY_NAME, project.metadata.name));
  if (holder === undefined) return;
  await withdraw(context, keyOf(project), run);
  throw new Stalled(NAME_TAKEN, nameTakenMessage(holder));
}

/** How often a hold is checked when nothing else wakes it: what it waits for may be another's to mend. */
const HELD_AGAIN_MS = 30_000;

const heldBy = (answer: Answer): HeldBack | undefined =>
  answer.type === 'hold' ? { reason: answer.reason, message: answer.message } : undefined;

/** Asks the gate for the Droplets that the steps delete: what they were would be destroyed. */
async function passGate(
  { gate }: Context,
  project: Project,
  steps: readonly ProjectStep[],
  run: Run,
): Promise<Answer> {
  const isDeleting = project.metadata.deletionTimestamp !== undefined;
  const effects = steps
    .flatMap(step => (step.type === 'delete-droplet' ? [step.droplet] : []))
    .filter(({ status }) => status?.server?.nonce !== undefined || status?.server?.id !== undefined)
    .map((droplet): Effect => ({
      ...lossOf(droplet),
      cause: isDeleting ? 'deleted' : 'scaled down',
      change: isDeleting ? 'the Project is deleted' : `to ${project.spec.servers} servers`,
    }));
  const key = keyOf(project);
  return await gate.ask({ asker: askerOf(key), group: `project ${key}`, effects, objects: [project] }, run);
}

/** Takes back what was asked for on behalf of a Project that is no more. */
async function withdraw({ gate }: Context, key: ObjectKey, run: Run): Promise<undefined> {
  await gate.ask({ asker: askerOf(key), group: '', effects: [], objects: [] }, run);
}

/** Who asks: the gate wakes the Project of that key by it. */
const askerOf = (key: ObjectKey): string => `project ${key}`;

/** Droplets that this run created are not in the cache yet: their arrival makes the next run. */
async function writeStatus(
  context: Context,
  project: Project,
  facts: Pick<ProjectFacts, 'hold' | 'rowHeld' | 'stalled'>,
  run: Run,
): Promise<void> {
  const change = projectChange(project, {
    droplets: context.droplets.byIndex(DROPLETS_BY_PROJECT, keyOf(project)),
    prices: new Map([...context.sizes.known()].map(([slug, size]) => [slug, size.priceMonthly])),
    ...facts,
  });
  const written = await writeProjectStatus(context, 'project', project, change, run);
  const wasReady = readyReason(project);
  const isReady = readyReason(written);
  if (isReady !== wasReady) run.log.info(`${isReady}: ${readyMessage(written)}`);
}

const ready = (project: Project) => project.status?.conditions?.find(({ type }) => type === 'Ready');
const readyReason = (project: Project): string | undefined => ready(project)?.reason;
const readyMessage = (project: Project): string => ready(project)?.message ?? '';

/** The Projects among those who asked the gate. */
export const projectsAmong = (askers: readonly string[]): ObjectKey[] =>
  askers.flatMap(asker => /^project (\S+)/.exec(asker)?.[1] ?? []);
