import { isAsInRow, isFromCsv, type DesiredProject } from '../projects-csv/plan.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Project } from '../../crds/project.ts';
import type { FleetSummary, ProjectSummary } from './fleet-summary.ts';
import { NAME_TAKEN } from './project-names.ts';
import type { ServiceSummary } from './services.ts';

/** How far the fleet is from what projects.csv says. */
export type Convergence =
  | { state: 'converged' }
  /** On its way; `waitingFor` names what is not there yet. */
  | { state: 'converging'; waitingFor: string[] }
  /** Something is held until a person confirms it. */
  | { state: 'held'; message: string }
  /** Nothing moves any more until a person acts. */
  | { state: 'failed'; messages: string[] };

/** What is compared, all as of one moment. */
export interface ConvergenceInput {
  /** Undefined when there is no projects.csv to compare with. */
  rows: readonly DesiredProject[] | undefined;
  /** Where the rows' Projects live. */
  namespace: string;
  projects: readonly Project[];
  droplets: readonly Droplet[];
  /** The summary of those objects. */
  fleet: FleetSummary;
  /** What runs on them. */
  services: readonly ServiceSummary[];
}

/** Compares the fleet with the rows. */
export function convergenceOf(input: ConvergenceInput): Convergence {
  const { rows, namespace, projects, fleet } = input;
  const services = input.services.filter(({ isDeployed, ready }) => isDeployed && !ready);
  const held = heldBack(input);
  if (held !== undefined) return { state: 'held', message: held };
  const waitingFor = [
    ...differences(rows, namespace, projects),
    ...unready(fleet),
    ...services.map(({ name }) => name),
  ];
  if (waitingFor.length === 0) return { state: 'converged' };
  const droplets = [...fleet.projects.flatMap(project => project.droplets), ...fleet.strays];
  const refused = fleet.projects.filter(isRefused);
  const stuck = [...droplets, ...services].filter(one => one.stuck);
  const stays = new Set(refused.map(({ name }) => name));
  const isOpen = differences(rows, namespace, projects).some(name => !stays.has(name));
  const isMoving =
    [...droplets, ...services].some(one => !one.ready && !one.stuck) ||
    (refused.length > 0 && fleet.projects.some(isOnItsWay));
  if (refused.length + stuck.length > 0 && !isMoving && !isOpen) {
    const messages = [...refused, ...stuck].map(one => ('rowHeld' in one && one.rowHeld) || messageOf(one));
    return { state: 'failed', messages };
  }
  return { state: 'converging', waitingFor };
}

const messageOf = ({ name, message }: { name: string; message: string }): string => `${name}: ${message}`;

/** It stays as it is before a person acts. */
const isRefused = ({ reason, rowHeld }: ProjectSummary): boolean =>
  reason === NAME_TAKEN || rowHeld !== undefined;

/** It may have no droplet yet that could be seen to move. */
const isOnItsWay = (project: ProjectSummary): boolean =>
  !project.ready && !isRefused(project) && !project.droplets.some(droplet => droplet.stuck);

/** What is said of what is held; the message of an earlier file stays until the operator has read the new one. */
function heldBack({ fleet }: ConvergenceInput): string | undefined {
  const droplets = [...fleet.projects.flatMap(project => project.droplets), ...fleet.strays];
  return [...fleet.projects, ...droplets].find(({ held }) => held !== undefined)?.held;
}

/** The Projects that are not as their rows say, by name. */
function differences(
  rows: readonly DesiredProject[] | undefined,
  namespace: string,
  projects: readonly Project[],
): string[] {
  if (rows === undefined) return [];
  const here = projects.filter(project => project.metadata.namespace === namespace);
  const byName = new Map(here.map(project => [project.metadata.name, project]));
  const wanted = new Set(rows.map(row => row.project));
  const missing = rows.filter(row => !isSettled(byName.get(row.project), row)).map(row => row.project);
  const surplus = here.filter(project => isFromCsv(project) && !wanted.has(project.metadata.name));
  return [...missing, ...surplus.map(project => project.metadata.name)];
}

/** A Project that a person applied is left alone, whatever the row says. */
const isSettled = (project: Project | undefined, row: DesiredProject): boolean =>
  project !== undefined && (!isFromCsv(project) || isAsInRow(project, row));

function unready(fleet: FleetSummary): string[] {
  const names = fleet.projects.flatMap(project => {
    const waiting = project.droplets.filter(droplet => !droplet.ready || droplet.deleting);
    if (waiting.length > 0) return waiting.map(droplet => droplet.name);
    return project.ready ? [] : [project.name];
  });
  return [...names, ...fleet.strays.map(droplet => droplet.name)];
}
