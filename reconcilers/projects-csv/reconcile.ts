import { checkSizes, type SizeProblem } from '../../config/check-sizes.ts';
import type { WatchedFile } from '../../config/watched-file.ts';
import { formatProblems, type Problem } from '../../config/problems.ts';
import { parseProjectsCsv, type ProjectRow } from '../../config/projects-csv.ts';
import { splitKey } from '../../crds/meta.ts';
import { CONFIRM_ANNOTATION } from '../../crds/names.ts';
import type { ProjectSpec } from '../../crds/project.ts';
import type { Run } from '../run.ts';
import { confirms } from '../gate/confirmation.ts';
import type { Answer } from '../gate/gate.ts';
import { Stalled, Waiting, type Outcome } from '../outcome.ts';
import { DEFAULT_REGION } from '../project/plan.ts';
import { applyCsvSteps } from './apply.ts';
import type { Context } from './concern.ts';
import type { CsvHold, CsvState } from './csv-state.ts';
import { heldRowsOf } from './held-rows.ts';
import { isFromCsv, planProjects, rowsToFollow, rowsWithNewSizes, type CsvPlan } from './plan.ts';

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
  const logHeldRows = createHeldRowLog(sync);
  let loggedMistakes = false;
  return async run => {
    const content = await sync.file.read();
    const text = 'problem' in content ? `unreadable: ${content.problem.message}` : content.text;
    const revision = remember(text);
    const { rows, problems } =
      'problem' in content
        ? { rows: [], problems: [content.problem] }
        : parseProjectsCsv(text, sync.file.path);
    const sizes = problems.length > 0 ? [] : await sizeProblems(context, rows, sync, run);
    const all = sizes.every(({ exists }) => exists) ? problems : sizes;
    if (all.length > 0) {
      const unsettledMs = context.timings.settleMs - revision.ageMs;
      loggedMistakes ||= unsettledMs <= 0;
      return refuse(all, revision, unsettledMs, context, sync);
    }
    // As loud as the mistakes were: who reads of these must read that they are mended.
    if (loggedMistakes) run.log.warn(`${sync.file.path} is valid again; sync resumed`);
    loggedMistakes = false;
    context.metrics.valid.set(1);
    const heldRows = heldRowsOf(sizes);
    const followed = rowsToFollow(
      rows,
      name => heldRows.has(name),
      name => context.projects.get(`${sync.namespace}/${name}`)?.spec,
    );
    const plan = planFrom(context, followed, sync.namespace);
    waitUntilComplete(plan, text, revision, context);
    logHeldRows(heldRows, run);
    const answer = await passGate(context, plan, sync, revision, run);
    const hold = answer.type === 'hold' ? holdOf(answer, plan) : undefined;
    sync.state.set({ rows: followed, ...(hold && { hold }), heldRows });
    const isDone = await carryOut(plan, hold, revision, context, sync, run);
    if (hold !== undefined) return { requeueAfterMs: HELD_AGAIN_MS };
    return isDone ? undefined : { requeueAfterMs: CONFLICT_AGAIN_MS };
  };
}

/** How often a hold is checked when nothing else wakes it: what it waits for may be another's to mend. */
const HELD_AGAIN_MS = 30_000;

/**
 * How soon a step is planned again that met a newer object than the cache had shown, ms. What changed it may be a status,
 * which wakes nobody here.
 */
const CONFLICT_AGAIN_MS = 50;

const SHRINKS = 'projects.csv just changed and removes servers; waiting for it to settle';

/** What the file takes away is believed only when it has lain still, unless a person has confirmed just that. */
async function passGate(
  { clock, gate, projects, timings }: Context,
  { losses, steps }: CsvPlan,
  { namespace }: CsvSync,
  revision: Revision,
  run: Run,
): Promise<Exclude<Answer, { type: 'wait' }>> {
  const losers = new Set(losses.map(({ project }) => project));
  const objects = [...losers].flatMap(key => projects.get(key) ?? []);
  const isConfirmed =
    objects.some(({ metadata }) =>
      confirms(metadata.annotations?.[CONFIRM_ANNOTATION], losses, clock.now()),
    ) || (await gate.hasPassed(losses, run.signal));
  const removes = losses.length > 0 || steps.some(step => step.type === 'delete-project');
  const unsettledMs = timings.lossSettleMs - revision.ageMs;
  if (removes && !isConfirmed && unsettledMs > 0) throw new Waiting(SHRINKS, unsettledMs);
  const ask = { asker: CSV_ASKER, group: `projects.csv of ${namespace}`, effects: losses, objects };
  const answer = await gate.ask({ ...ask, believedAfterMs: 0, isRevocable: true }, run);
  if (answer.type === 'wait') throw new Waiting(SHRINKS, answer.ms);
  return answer;
}

/** Who asks: the gate wakes the file's controller by it. */
export const CSV_ASKER = 'csv-sync';

const holdOf = ({ reason, message }: Extract<Answer, { type: 'hold' }>, { losses }: CsvPlan): CsvHold => ({
  reason,
  message: `${message}; or fix projects.csv. None of its changes are applied until then`,
  projects: [...new Set(losses.map(({ project }) => splitKey(project).name))],
});

async function carryOut(
  plan: CsvPlan,
  hold: CsvHold | undefined,
  revision: Revision,
  context: Context,
  { file, namespace }: CsvSync,
  run: Run,
): Promise<boolean> {
  if (!revision.isReported) for (const name of plan.conflicts) reportConflict(name, file.path, run);
  revision.reported();
  // What is held the gate has reported.
  return hold !== undefined || (await applyCsvSteps(plan.steps, namespace, context.kubernetes, run));
}

/** A content of the file, and what was done about it. */
interface Revision {
  /** For how long the content has been the same, ms. */
  ageMs: number;
  /** What is wrong with it was reported already. */
  isReported: boolean;
  reported(): void;
}

function createContentMemory({ clock }: Context): (text: string) => Revision {
  let last = { text: '', since: Number.NEGATIVE_INFINITY, isReported: false };
  return text => {
    if (last.text !== text || last.since < 0) last = { text, since: clock.monotonic(), isReported: false };
    const current = last;
    return {
      ageMs: clock.monotonic() - current.since,
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
): Promise<SizeProblem[]> {
  const specOf = (name: string): ProjectSpec | undefined =>
    context.projects.get(`${namespace}/${name}`)?.spec;
  const news = rowsWithNewSizes(rows, specOf);
  if (news.length === 0) return [];
  try {
    const sizes = [...(await context.sizes.load(run.signal)).values()];
    return checkSizes(news, sizes, name => specOf(name)?.region ?? DEFAULT_REGION);
  } catch (error) {
    run.log.warn('cannot check the sizes', { error: (error as Error).message });
    return [];
  }
}

/** Says once of each row why it is not followed. */
function createHeldRowLog({ namespace }: CsvSync) {
  let logged: ReadonlyMap<string, string> = new Map();
  return (held: ReadonlyMap<string, string>, run: Run): void => {
    for (const [project, message] of held)
      if (logged.get(project) !== message) run.log.warn(message, { project: `${namespace}/${project}` });
    logged = held;
  };
}

function planFrom(context: Context, rows: readonly ProjectRow[], namespace: string): CsvPlan {
  const isHere = (object: { metadata: { namespace?: string } }): boolean =>
    object.metadata.namespace === namespace;
  return planProjects(rows, context.projects.list().filter(isHere), context.droplets.list().filter(isHere));
}

/**
 * A file that an editor is still writing can look complete but for its last line, whose last number may go on. What
 * such a file changes is believed only once it has lain still for a while.
 */
function waitUntilComplete(
  { steps }: CsvPlan,
  text: string,
  { ageMs }: Revision,
  { timings }: Context,
): void {
  const mayBeCut = !/[\r\n]$/.test(text) && steps.length > 0;
  if (mayBeCut && ageMs < timings.settleMs)
    throw new Waiting('projects.csv just changed; waiting for it to settle', timings.settleMs - ageMs);
}

/** An editor may be in the middle of it, so a mistake is reported only when it lies still; and once. */
function refuse(
  problems: readonly Problem[],
  revision: Revision,
  unsettledMs: number,
  { events, metrics, projects }: Context,
  { state, namespace }: CsvSync,
): Outcome {
  if (unsettledMs > 0) return { requeueAfterMs: unsettledMs };
  state.set({});
  metrics.valid.set(0);
  if (revision.isReported) return undefined;
  revision.reported();
  const text = formatProblems(problems);
  for (const project of projects.list())
    if (project.metadata.namespace === namespace && isFromCsv(project))
      events.record(project, 'Warning', 'InvalidCsv', `no changes made: ${text}`);
  throw new Stalled('InvalidCsv', `no changes made:\n${text}`);
}

function reportConflict(name: string, path: string, run: Run): void {
  run.log.warn(
    `${path} has a row for ${name}, but a Project of that name was applied by hand and is left alone: delete the row, or label the Project dropfleet.io/source=csv to hand it to the file`,
  );
}
