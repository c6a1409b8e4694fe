import { repositoryUrl, type DeploymentConfig } from '../../config/deployment-config.ts';
import { formatProblems, type Problem } from '../../config/problems.ts';
import type { Project } from '../../crds/project.ts';
import { Stalled, Waiting, type Outcome } from '../outcome.ts';
import type { Run } from '../run.ts';
import { applyServiceSteps } from './apply.ts';
import type { Context } from './concern.ts';
import { planServices, type ServicesFile, type ServicesPlan } from './plan.ts';
import { isFromFile } from './render.ts';

/** deployment_config.json, as it is read. */
export interface DeploymentFile {
  readonly path: string;
  /** No config and no problems when there is none. */
  read(): Promise<{ config?: DeploymentConfig; problems: Problem[] }>;
}

/** Who asks: the gate wakes the file's controller by it. */
export const SERVICES_ASKER = 'services-file';

/** How often a hold is checked when nothing else wakes it: what it waits for may be another's to mend. */
const HELD_AGAIN_MS = 30_000;
/** How soon a step is planned again that met a newer object than the cache had shown, ms. */
const CONFLICT_AGAIN_MS = 50;

/**
 * Makes the ServiceDeployments that came from deployment_config.json equal to it, or changes nothing and says why.
 */
export function createServicesFileReconciler(
  context: Context,
  file: DeploymentFile,
): (run: Run) => Promise<Outcome> {
  const remember = createRevisionMemory(context);
  const logConflicts = createConflictLog(file.path);
  let loggedMistakes = false;
  return async run => {
    const { config, problems } = await file.read();
    const revision = remember(JSON.stringify(config ?? problems));
    if (config === undefined) {
      try {
        return refuse(problems, revision, context, file.path);
      } finally {
        loggedMistakes ||= revision.isReported;
      }
    }
    // As loud as the mistakes were: who reads of these must read that they are mended.
    if (loggedMistakes) run.log.warn(`${file.path} is valid again; services follow it`);
    loggedMistakes = false;
    context.metrics.valid.set(1);
    const plan = planFrom(context, config);
    logConflicts(plan.conflicts, run);
    const isDone = await applyServiceSteps(plan.changes, context.kubernetes, run);
    return await removeServices(plan, isDone, revision, context, run);
  };
}

function planFrom({ projects, services, namespace }: Context, config: DeploymentConfig): ServicesPlan {
  const { platform, git } = config;
  const file: ServicesFile = {
    platform,
    services: config.services,
    repositoryOf: project => git && repositoryUrl(git, project),
  };
  const isHere = ({ metadata }: { metadata: { namespace?: string } }): boolean =>
    metadata.namespace === namespace;
  return planServices(file, projects.list().filter(isHere), services.list().filter(isHere));
}

/** What the file takes away is believed only when it has lain still, and done when the gate lets it through. */
async function removeServices(
  { removals, losses }: ServicesPlan,
  isDone: boolean,
  { ageMs }: Revision,
  { gate, kubernetes, namespace, projects, timings }: Context,
  run: Run,
): Promise<Outcome> {
  const unsettledMs = timings.lossSettleMs - ageMs;
  if (removals.length > 0 && unsettledMs > 0)
    throw new Waiting('deployment_config.json just changed and removes services', unsettledMs);
  const objects = [...new Set(losses.map(({ project }) => project))].flatMap(key => projects.get(key) ?? []);
  const ask = { asker: SERVICES_ASKER, group: `deployment_config.json of ${namespace}`, effects: losses };
  const answer = await gate.ask({ ...ask, objects, believedAfterMs: 0 }, run);
  if (answer.type === 'wait') return { requeueAfterMs: answer.ms };
  if (answer.type === 'hold') return { requeueAfterMs: isDone ? HELD_AGAIN_MS : CONFLICT_AGAIN_MS };
  const areRemoved = await applyServiceSteps(removals, kubernetes, run);
  return isDone && areRemoved ? undefined : { requeueAfterMs: CONFLICT_AGAIN_MS };
}

/**
 * A file with a mistake changes nothing; nor does one that is not there, which is no news where nothing came from it. An
 * editor may be in the middle of it, so it is reported only when it lies still; and once.
 */
function refuse(
  problems: readonly Problem[],
  revision: Revision,
  { projects, services, events, metrics, timings }: Context,
  path: string,
): Outcome {
  const followed = services.list().filter(isFromFile);
  if (problems.length === 0 && followed.length === 0) return undefined;
  const unsettledMs = timings.settleMs - revision.ageMs;
  if (unsettledMs > 0) return { requeueAfterMs: unsettledMs };
  metrics.valid.set(0);
  if (revision.isReported) return undefined;
  revision.reported();
  const missing = {
    file: path,
    message: 'there is no such file; services stay as they are until it is back',
  };
  const text = formatProblems(problems.length === 0 ? [missing] : problems);
  const concerned = new Set(followed.map(({ metadata, spec }) => `${metadata.namespace}/${spec.project}`));
  for (const key of concerned) recordOn(projects.get(key), text, events);
  throw new Stalled('InvalidDeploymentConfig', `no services changed:\n${text}`);
}

function recordOn(project: Project | undefined, text: string, events: Context['events']): void {
  if (project !== undefined)
    events.record(project, 'Warning', 'InvalidDeploymentConfig', `no services changed: ${text}`);
}

/** What the file says, and what was done about it. */
interface Revision {
  /** For how long it has been the same, ms. */
  readonly ageMs: number;
  /** What is wrong with it was reported already. */
  readonly isReported: boolean;
  reported(): void;
}

function createRevisionMemory({ clock }: Context): (content: string) => Revision {
  let last = { content: '', since: Number.NEGATIVE_INFINITY, isReported: false };
  return content => {
    if (last.content !== content) last = { content, since: clock.monotonic(), isReported: false };
    const current = last;
    return {
      ageMs: clock.monotonic() - current.since,
      get isReported() {
        return current.isReported;
      },
      reported() {
        current.isReported = true;
      },
    };
  };
}

/** Says once of each why the file does not decide it. */
function createConflictLog(path: string) {
  let logged: readonly string[] = [];
  return (names: readonly string[], run: Run): void => {
    for (const name of names)
      if (!logged.includes(name))
        run.log.warn(
          `${path} has ${name}, but a ServiceDeployment of that name was applied by hand and is left alone: delete it, or label it dropfleet.io/source=file to hand it to the file`,
        );
    logged = names;
  };
}
