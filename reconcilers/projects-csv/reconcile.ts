import { checkSizes } from '../../config/check-sizes.ts';
import type { WatchedFile } from '../../config/watched-file.ts';
import { formatProblems, type Problem } from '../../config/problems.ts';
import { parseProjectsCsv, type ProjectRow } from '../../config/projects-csv.ts';
import type { Context, Run } from '../context.ts';
import { Stalled, Waiting, type Outcome } from '../outcome.ts';
import { DEFAULT_REGION } from '../project/plan.ts';
import { applyProjectSteps } from './apply.ts';
import type { CsvState } from './csv-state.ts';
import { planProjects, rowsWithNewSizes, type CsvPlan } from './plan.ts';

/** What csv-sync needs besides the context. */
export interface CsvSync {
  readonly file: Pick<WatchedFile, 'path' | 'read'>;
  /** Where the Projects of the rows live. */
  readonly namespace: string;
  readonly state: CsvState;
}

/** Makes the Projects of the namespace equal to the rows of projects.csv, or changes nothing and says why. */
export function createCsvReconciler(context: Context, sync: CsvSync): (run: Run) => Promise<Outcome> {
  const remember = createContentMemory(context);
  let toldMistakes = false;
  return async run => {
    const content = await sync.file.read();
    const text = 'problem' in content ? `unreadable: ${content.problem.message}` : content.text;
    const look = remember(text);
    const { rows, problems } =
      'problem' in content
        ? { rows: [], problems: [content.problem] }
        : parseProjectsCsv(text, sync.file.path);
    const all = problems.length > 0 ? problems : await sizeProblems(context, rows, sync, run);
    if (all.length > 0) {
      toldMistakes ||= look.unsettledMs <= 0;
      return refuse(all, look, sync);
    }
    // As loud as the mistakes were: who reads of these must read that they are mended.
    if (toldMistakes) run.log.warn(`${sync.file.path} is right again`);
    toldMistakes = false;
    const plan = planFrom(context, rows, sync.namespace);
    waitUntilSettled(plan, text, look);
    const isNewBrake = plan.brake?.confirmation !== sync.state.brake()?.confirmation;
    sync.state.set({ rows, ...(plan.brake && { brake: plan.brake }) });
    await carryOut(plan, isNewBrake, look, context, sync, run);
    return undefined;
  };
}

async function carryOut(
  plan: CsvPlan,
  isNewBrake: boolean,
  look: Look,
  context: Context,
  { file, namespace }: CsvSync,
  run: Run,
): Promise<void> {
  if (!look.isReported) for (const name of plan.conflicts) reportConflict(name, file.path, run);
  look.reported();
  if (plan.brake === undefined) return applyProjectSteps(plan.steps, namespace, context.kubernetes, run);
  if (isNewBrake)
    run.log.warn(
      `${plan.brake.message}: held back until "dropfleet orchestrate --confirm", or until the file is mended`,
    );
}

/** One look at a content of the file. */
interface Look {
  /** For how much longer the content must stay the same to be believed, ms; not above 0 once it has. */
  unsettledMs: number;
  /** What is wrong with it was told already. */
  isReported: boolean;
  reported(): void;
}

function createContentMemory({ clock, timings }: Context): (text: string) => Look {
  let last = { text: '', since: Number.NEGATIVE_INFINITY, isReported: false };
  return text => {
    if (last.text !== text || last.since < 0) last = { text, since: clock.monotonic(), isReported: false };
    const current = last;
    return {
      unsettledMs: timings.csvSettleMs - (clock.monotonic() - current.since),
      isReported: current.isReported,
      reported: () => {
        current.isReported = true;
      },
    };
  };
}

/** Without an answer of the cloud nothing is checked here, and the cloud refuses it later. */
async function sizeProblems(
  context: Context,
  rows: readonly ProjectRow[],
  { namespace }: CsvSync,
  run: Run,
): Promise<Problem[]> {
  const news = rowsWithNewSizes(rows, name => context.projects.get(`${namespace}/${name}`)?.spec);
  if (news.length === 0) return [];
  try {
    return checkSizes(news, [...(await context.sizes.load(run.signal)).values()], DEFAULT_REGION);
  } catch (error) {
    run.log.warn('the sizes could not be checked', { error: (error as Error).message });
    return [];
  }
}

function planFrom(context: Context, rows: readonly ProjectRow[], namespace: string): CsvPlan {
  const isHere = (object: { metadata: { namespace?: string } }): boolean =>
    object.metadata.namespace === namespace;
  return planProjects(rows, context.projects.list().filter(isHere), context.droplets.list().filter(isHere));
}

/**
 * A file that an editor is still writing can look complete. What it lacks is believed only once it has lain
 * still for a while; what it adds or changes is done at once.
 */
function waitUntilSettled(plan: CsvPlan, text: string, look: Look): void {
  const mayBeCut = !/[\r\n]$/.test(text) && plan.steps.length > 0;
  const removes = plan.steps.some(step => step.type === 'delete-project');
  if ((removes || mayBeCut) && look.unsettledMs > 0)
    throw new Waiting('projects.csv was just changed: waiting until it lies still', look.unsettledMs);
}

/** An editor may be in the middle of it, so a mistake is told only when it lies still; and once. */
function refuse(problems: readonly Problem[], look: Look, { state }: CsvSync): Outcome {
  if (look.unsettledMs > 0) return { requeueAfterMs: look.unsettledMs };
  state.set({});
  if (look.isReported) return undefined;
  look.reported();
  throw new Stalled('InvalidCsv', `nothing was changed:\n${formatProblems(problems)}`);
}

function reportConflict(name: string, path: string, run: Run): void {
  run.log.warn(
    `${path} has a row for ${name}, but a Project of that name was applied by hand and is left alone: delete the row, or label the Project dropfleet.io/source=csv to hand it to the file`,
  );
}
