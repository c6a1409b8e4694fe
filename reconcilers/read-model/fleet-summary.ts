import { findCondition, isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type Condition } from '../../crds/meta.ts';
import { CONFIRMATION_REQUIRED, ROW_HELD, dropletNames } from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';
import { isFromCsv } from '../projects-csv/plan.ts';
import { byName } from './by-name.ts';
import { monthlyCost, type Prices } from './cost.ts';
import { volumeCost, volumeSizeOf } from './volume-cost.ts';
import { dropletState, type DropletState } from './droplet-state.ts';

/** One droplet as status, the live view and the metrics show it. */
export interface DropletSummary extends DropletState {
  namespace: string;
  name: string;
  project: string;
  role: Droplet['spec']['role'];
  size: string;
  region: string;
  phase: NonNullable<Droplet['status']>['phase'] & string;
  ready: boolean;
  deleting: boolean;
  /** What the Ready condition says. */
  message: string;
  /** What of it is held until a person confirms it, and how. */
  held?: string;
  id?: number;
  address?: string;
}

/** One project and its droplets, master first, then by web number. */
export interface ProjectSummary {
  namespace: string;
  name: string;
  fromCsv: boolean;
  servers: number;
  /** How many of those that are wanted are Ready. */
  readyDroplets: number;
  /** How many of its droplets are not wanted any more. */
  surplus: number;
  ready: boolean;
  reason: string;
  message: string;
  /** What of it is held until a person confirms it, and how. */
  held?: string;
  /** Why its row of projects.csv is not followed, though others are. */
  rowHeld?: string;
  masterAddress?: string;
  /** US dollars; undefined while a price is not known. */
  monthlyCost?: number;
  droplets: DropletSummary[];
}

/** The whole fleet, and whether everything in it is Ready. */
export interface FleetSummary {
  ready: boolean;
  projects: ProjectSummary[];
  /** Droplets whose Project is not there (any more). */
  strays: DropletSummary[];
  monthlyCost?: number;
}

/** Of servers and of the volumes that projects keep their data on. */
function costOf(
  projects: readonly Project[],
  droplets: readonly Droplet[],
  prices: Prices,
): number | undefined {
  const servers = monthlyCost(droplets, prices);
  const sizeGB = projects.reduce((sum, project) => sum + volumeSizeOf(project), 0);
  return servers === undefined ? undefined : servers + volumeCost(sizeGB);
}

/** The one summary that every report of the fleet is made from. */
export function summarizeFleet(
  projects: readonly Project[],
  droplets: readonly Droplet[],
  prices: Prices,
): FleetSummary {
  const keys = new Set(projects.map(keyOf));
  const byProject = Map.groupBy(droplets, projectKeyOf);
  const isStray = (droplet: Droplet): boolean => !keys.has(projectKeyOf(droplet));
  const summaries = byName(projects).map(project =>
    summarizeProject(project, byProject.get(keyOf(project)) ?? [], prices),
  );
  const strays = byName(droplets.filter(isStray)).map(summarizeDroplet);
  const cost = costOf(projects, droplets, prices);
  return {
    ready: strays.length === 0 && summaries.every(project => project.ready),
    projects: summaries,
    strays,
    ...(cost !== undefined && { monthlyCost: cost }),
  };
}

const projectKeyOf = ({ metadata, spec }: Droplet): string => `${metadata.namespace}/${spec.project}`;

/** @param droplets the project's. */
function summarizeProject(project: Project, droplets: readonly Droplet[], prices: Prices): ProjectSummary {
  const { metadata, spec, status } = project;
  const names = new Set(dropletNames(metadata.name, spec.servers));
  const wanted = droplets.filter(droplet => names.has(droplet.metadata.name));
  const ready = findCondition(status?.conditions, 'Ready');
  const hold = findCondition(status?.conditions, CONFIRMATION_REQUIRED);
  const row = findCondition(status?.conditions, ROW_HELD);
  const isCurrent = status?.observedGeneration === metadata.generation;
  const cost = costOf([project], droplets, prices);
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    fromCsv: isFromCsv(project),
    servers: spec.servers,
    readyDroplets: wanted.filter(isReady).length,
    surplus: droplets.length - wanted.length,
    ready: isCurrent && ready?.status === 'True' && hold?.status !== 'True',
    ...explanation(isCurrent ? ready : undefined, hold),
    ...heldIn(hold),
    ...(row?.status === 'True' && { rowHeld: row.message }),
    ...(status?.masterAddress !== undefined && { masterAddress: status.masterAddress }),
    ...(cost !== undefined && { monthlyCost: cost }),
    droplets: masterFirst(droplets).map(summarizeDroplet),
  };
}

function explanation(
  ready: Condition | undefined,
  hold: Condition | undefined,
): Pick<ProjectSummary, 'reason' | 'message'> {
  if (hold?.status === 'True') return { reason: hold.type, message: hold.message };
  return { reason: ready?.reason ?? 'Pending', message: ready?.message ?? 'not looked at yet' };
}

function summarizeDroplet(droplet: Droplet): DropletSummary {
  const { metadata, spec, status } = droplet;
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    project: spec.project,
    role: spec.role,
    size: status?.server?.size ?? spec.size,
    region: spec.region,
    phase: status?.phase ?? 'Pending',
    ...dropletState(droplet),
    ready: isReady(droplet),
    deleting: metadata.deletionTimestamp !== undefined,
    message: findCondition(status?.conditions, 'Ready')?.message ?? 'not looked at yet',
    ...heldIn(findCondition(status?.conditions, CONFIRMATION_REQUIRED)),
    ...(status?.server?.id !== undefined && { id: status.server?.id }),
    ...(status?.server?.publicAddress !== undefined && { address: status.server?.publicAddress }),
  };
}

const heldIn = (condition: Condition | undefined): { held?: string } =>
  condition?.status === 'True' ? { held: condition.message } : {};

const isReady = (droplet: Droplet): boolean => isConditionTrue(droplet.status?.conditions, 'Ready');

const masterFirst = (droplets: readonly Droplet[]): Droplet[] =>
  byName(droplets).toSorted((a, b) => rank(a) - rank(b));

const rank = (droplet: Droplet): number => (droplet.spec.role === 'master' ? 0 : 1);
