import { CONFIRM_ANNOTATION, SOURCE_LABEL, dropletNames } from '../../crds/names.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Project, ProjectSpec } from '../../crds/project.ts';

/** One row of projects.csv. */
export interface DesiredProject {
  project: string;
  servers: number;
  masterSpec: string;
  webSpec: string;
}

/** The fields of a Project that a row decides; the others are a person's to set. */
export type RowSpec = Pick<ProjectSpec, 'servers' | 'masterSpec' | 'webSpec'>;

export type ProjectStep =
  | { type: 'create-project'; name: string; spec: RowSpec }
  | { type: 'update-project'; project: Project; spec: RowSpec }
  | { type: 'delete-project'; project: Project };

/** A change that removes too much to be made without a person's word. */
export interface Brake {
  /** What CONFIRM_ANNOTATION must say to let this very change through. Readable on purpose. */
  confirmation: string;
  /** One sentence that says what would be lost. */
  message: string;
  /** The Projects that would lose droplets, by name. */
  projects: string[];
}

export interface CsvPlan {
  steps: ProjectStep[];
  /** Set when the steps must not be made; none of them is then. */
  brake?: Brake;
  /** Rows that name a Project which a person applied and which is therefore left alone. */
  conflicts: string[];
}

/** More projects than this are never deleted at once without a confirmation. */
const MAX_PROJECTS_DELETED = 1;
/** Nor more droplets than the greater of this and that share of the fleet. */
const MAX_DROPLETS_DELETED = 2;
const MAX_SHARE_DELETED = 0.3;

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
 * @param droplets the live Droplets of the namespace, for the brake.
 */
export function planProjects(
  rows: readonly DesiredProject[],
  projects: readonly Project[],
  droplets: readonly Droplet[],
): CsvPlan {
  const byName = new Map(projects.map(project => [project.metadata.name, project]));
  const steps: ProjectStep[] = [];
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
  const brake = findBrake(rows, steps, projects, droplets);
  return { steps, conflicts, ...(brake && { brake }) };
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

/** The part of a Project's spec that its row decides. */
function specOf({ servers, masterSpec, webSpec }: DesiredProject): RowSpec {
  return { servers, masterSpec, webSpec };
}

/** Whether the Project's spec is what the row says. */
export const isAsInRow = ({ spec }: Project, row: DesiredProject): boolean =>
  row.servers === spec.servers && row.masterSpec === spec.masterSpec && row.webSpec === spec.webSpec;

function findBrake(
  rows: readonly DesiredProject[],
  steps: readonly ProjectStep[],
  projects: readonly Project[],
  droplets: readonly Droplet[],
): Brake | undefined {
  const live = droplets.filter(droplet => !isDeleting(droplet));
  const losses = steps.flatMap(step => lossesOf(step, live));
  const deleted = losses.filter(loss => loss.left === 0).length;
  const removed = losses.reduce((sum, loss) => sum + loss.removed, 0);
  const limit = Math.max(MAX_DROPLETS_DELETED, Math.floor(live.length * MAX_SHARE_DELETED));
  // A file with a header alone is more likely an accident than the wish to have nothing.
  const isAll = rows.length === 0 && deleted > 0;
  if (!isAll && deleted <= MAX_PROJECTS_DELETED && removed <= limit) return undefined;
  const confirmation = losses.map(confirmationOf).toSorted().join(',');
  if (isConfirmed(projects, losses, confirmation)) return undefined;
  return {
    confirmation,
    projects: losses.map(loss => loss.project),
    message:
      `projects.csv would delete ${count(removed, 'droplet')} of ${live.length}` +
      (deleted > 0 ? ` and ${count(deleted, 'project')}` : '') +
      ` (${losses.map(describeLoss).join(', ')})`,
  };
}

interface Loss {
  project: string;
  /** How many servers the row leaves; 0 when it is gone. */
  left: number;
  /** How many live droplets go. */
  removed: number;
}

function lossesOf(step: ProjectStep, live: readonly Droplet[]): Loss[] {
  if (step.type === 'create-project') return [];
  const project = step.project.metadata.name;
  const left = step.type === 'delete-project' ? 0 : step.spec.servers;
  const kept = new Set(left === 0 ? [] : dropletNames(project, left));
  const removed = live.filter(
    droplet => droplet.spec.project === project && !kept.has(droplet.metadata.name),
  ).length;
  return left === 0 || removed > 0 ? [{ project, left, removed }] : [];
}

/** A confirmation counts when any Project that loses something carries it: one annotation is enough. */
function isConfirmed(projects: readonly Project[], losses: readonly Loss[], confirmation: string): boolean {
  const losers = new Set(losses.map(loss => loss.project));
  return projects.some(
    project =>
      losers.has(project.metadata.name) &&
      project.metadata.annotations?.[CONFIRM_ANNOTATION] === confirmation,
  );
}

/** `shop=0` for a deleted project, `shop=2` for one that shrinks to two servers. */
const confirmationOf = (loss: Loss): string => `${loss.project}=${loss.left}`;

const describeLoss = (loss: Loss): string =>
  loss.left === 0 ? `all of ${loss.project}` : `${loss.removed} of ${loss.project}`;

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
