import { SOURCE_LABEL, dropletNames } from '../../crds/names.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Project, ProjectSpec } from '../../crds/project.ts';
import type { Doubt, Effect } from '../gate/effect.ts';
import { holdsData } from '../last-snapshot/data-plan.ts';

/** One row of projects.csv. */
export interface DesiredProject {
  project: string;
  servers: number;
  masterSpec: string;
  webSpec: string;
}

/** The fields of a Project that a row decides; the others are a person's to set. */
export type RowSpec = Pick<ProjectSpec, 'servers' | 'masterSpec' | 'webSpec'>;

export type CsvStep =
  | { type: 'create-project'; name: string; spec: RowSpec }
  | { type: 'update-project'; project: Project; spec: RowSpec }
  | { type: 'delete-project'; project: Project };

export interface CsvPlan {
  steps: CsvStep[];
  /** The droplets that the steps cost: the gate must let them through before any step is made. */
  losses: Effect[];
  /** Rows that name a Project which a person applied and which is therefore left alone. */
  conflicts: string[];
}

/**
 * What makes the Projects of one namespace equal to the rows.
 *
 *     row | Project          | step
 *     ----+------------------+-------------------------------
 *     yes | none             | create
 *     yes | csv, differs     | update (put back)
 *     yes | csv, same        | -
 *     yes | by hand          | - and a conflict
 *     no  | csv              | delete
 *     no  | by hand          | -
 *     any | being deleted    | - (the next plan sees it gone)
 *
 * @param droplets the Droplets of the namespace, to tell what the steps cost.
 */
export function planProjects(
  rows: readonly DesiredProject[],
  projects: readonly Project[],
  droplets: readonly Droplet[],
): CsvPlan {
  const byName = new Map(projects.map(project => [project.metadata.name, project]));
  const steps: CsvStep[] = [];
  const conflicts: string[] = [];
  for (const row of rows) {
    const project = byName.get(row.project);
    if (project === undefined) steps.push({ type: 'create-project', name: row.project, spec: specOf(row) });
    else if (isDeleting(project)) continue;
    else if (!isFromCsv(project)) conflicts.push(row.project);
    else if (!isAsInRow(project, row)) steps.push({ type: 'update-project', project, spec: specOf(row) });
  }
  const wanted = new Set(rows.map(row => row.project));
  for (const project of projects) {
    if (isFromCsv(project) && !isDeleting(project) && !wanted.has(project.metadata.name))
      steps.push({ type: 'delete-project', project });
  }
  const live = droplets.filter(droplet => !isDeleting(droplet));
  // A file with a header alone is more likely an accident than the wish to have nothing.
  const doubt = rows.length === 0 ? EMPTY : undefined;
  const losses = steps.flatMap(step => lossesOf(step, live)).map(loss => (doubt ? { ...loss, doubt } : loss));
  return { steps, losses, conflicts };
}

/** Whether a Project came from projects.csv. */
export const isFromCsv = (project: Project): boolean => project.metadata.labels?.[SOURCE_LABEL] === 'csv';

const isDeleting = (object: Project | Droplet): boolean => object.metadata.deletionTimestamp !== undefined;

/**
 * The rows that ask for a size which their Project does not have yet. Only those need a check: a size that
 * DigitalOcean has withdrawn since must not hold up the other rows.
 */
export function rowsWithNewSizes<Row extends DesiredProject>(
  rows: readonly Row[],
  specOfProject: (name: string) => ProjectSpec | undefined,
): Row[] {
  return rows.filter(({ project, masterSpec, webSpec }) => {
    const spec = specOfProject(project);
    return spec?.masterSpec !== masterSpec || spec.webSpec !== webSpec;
  });
}

/**
 * The rows without those that are held up: their Projects stay as they are, and one that is not there is not made yet.
 */
export function rowsToFollow<Row extends DesiredProject>(
  rows: readonly Row[],
  isHeldUp: (project: string) => boolean,
  specOfProject: (name: string) => ProjectSpec | undefined,
): Row[] {
  return rows.flatMap(row => {
    if (!isHeldUp(row.project)) return [row];
    const spec = specOfProject(row.project);
    return spec === undefined ? [] : [{ ...row, ...specOf({ ...row, ...spec }) }];
  });
}

/** The part of a Project's spec that its row decides. */
function specOf({ servers, masterSpec, webSpec }: DesiredProject): RowSpec {
  return { servers, masterSpec, webSpec };
}

/** Whether the Project's spec is what the row says. */
export const isAsInRow = ({ spec }: Project, row: DesiredProject): boolean =>
  row.servers === spec.servers && row.masterSpec === spec.masterSpec && row.webSpec === spec.webSpec;

const EMPTY: Doubt = {
  reason: 'EmptyCsv',
  message: 'projects.csv has a header but no rows, which would delete every project',
};

function lossesOf(step: CsvStep, live: readonly Droplet[]): Effect[] {
  if (step.type === 'create-project') return [];
  const { metadata, spec } = step.project;
  const left = step.type === 'delete-project' ? 0 : step.spec.servers;
  const kept = new Set(left === 0 ? [] : dropletNames(metadata.name, left));
  return live
    .filter(droplet => droplet.spec.project === metadata.name && !kept.has(droplet.metadata.name))
    .map(droplet => ({
      ...lossOf(droplet),
      cause: left === 0 ? ('row removed' as const) : ('row shrank' as const),
      change: left === 0 ? 'its row is gone' : `${spec.servers} to ${left} servers`,
    }));
}

/** The end of a Droplet, as the gate is asked for it. */
export const lossOf = ({ metadata, spec, status }: Droplet): Omit<Effect, 'cause'> => ({
  verb: 'destroy',
  project: `${metadata.namespace}/${spec.project}`,
  name: metadata.name,
  uid: metadata.uid!,
  ...(status?.server?.id !== undefined && { server: status.server?.id }),
  ...(holdsData({ status }, status?.server?.id) && { data: true }),
});
