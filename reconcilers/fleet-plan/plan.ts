import type { Droplet, DropletSpec } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import type { Project } from '../../crds/project.ts';
import { API_VERSION, PROJECT_FINALIZER, SOURCE_LABEL } from '../../crds/names.ts';
import type { Server, SizeFacts } from '../droplet/model.ts';
import { resizeProblem } from '../droplet/power-plan.ts';
import { planFirewallChanges, type FirewallChange, type KnownFirewalls } from './firewalls-plan.ts';
import { planProject, type ProjectStep } from '../project/plan.ts';
import type { Doubt, Effect } from '../gate/effect.ts';
import { judge, type Admission } from '../gate/policy.ts';
import { planProjects, type CsvPlan, type DesiredProject } from '../projects-csv/plan.ts';
import type { Prices } from '../read-model/cost.ts';
import { hasItsName, namesOf, sayNameTaken } from '../read-model/project-names.ts';

/** One droplet that orchestrate would make, destroy or change, in the order of the projects. */
export type DropletChange =
  | { action: 'create'; name: string; project: string; size: string; region: string }
  | { action: 'delete'; name: string; project: string; size: string; region: string; id: number }
  | { action: 'resize'; name: string; project: string; size: string; from: string; id: number }
  | { action: 'refuse'; name: string; project: string; problem: string }
  | { action: 'power-on'; name: string; project: string; size: string; id: number };

/** What orchestrate would do. */
export interface FleetPlan {
  /** What happens to Project objects. */
  projects: { action: 'create' | 'update' | 'delete'; name: string; servers: number }[];
  droplets: DropletChange[];
  firewalls: FirewallChange[];
  /** The droplets that the rows cost. */
  losses: Effect[];
  /** Why nothing of this is done before a person confirms the losses, if so. */
  held?: Doubt | undefined;
  conflicts: string[];
  /** The account may have fewer droplets than this fleet would need. */
  overLimit?: { limit: number; needed: number };
  /** The Projects of which nothing is made, as another has their name: key, and what to do. */
  taken: { project: string; message: string }[];
  /** US dollars a month, now and afterwards; undefined when a price is not known. */
  monthlyCost: { before?: number; after?: number };
}

export interface FleetPlanInput {
  rows: readonly DesiredProject[];
  /** The namespace of the rows' Projects. */
  namespace: string;
  projects: readonly Project[];
  droplets: readonly Droplet[];
  /** The servers that carry a Droplet's uid, by that uid, oldest first. */
  servers: ReadonlyMap<string, readonly Server[]>;
  sizes: ReadonlyMap<string, SizeFacts>;
  prices: Prices;
  firewalls: KnownFirewalls;
  /** The most droplets that the account may have. */
  dropletLimit: number;
  /** What the gate let through of late. */
  admitted: readonly Admission[];
}

/**
 * What orchestrate would do, from the same plans that the controllers follow: the rows' plan gives the Projects
 * as they will be, each Project's plan its Droplets, and each Droplet's server what is asked of the cloud.
 */
export function planFleet(input: FleetPlanInput): FleetPlan {
  const isHere = (object: Project | Droplet): boolean => object.metadata.namespace === input.namespace;
  const csv = planProjects(input.rows, input.projects.filter(isHere), input.droplets.filter(isHere));
  const projects = projectsAfter(csv, input);
  const held = heldOf(csv.losses, input);
  const names = namesOf(projects);
  const isTaken = (project: Project): boolean => !hasItsName(keyOf(project), project.metadata.name, names);
  const byProject = Map.groupBy(input.droplets, projectKeyOf);
  const byName = Map.groupBy(input.droplets, ({ spec }) => spec.project);
  const changes = projects
    .filter(project => !isTaken(project) || project.metadata.deletionTimestamp !== undefined)
    .flatMap(project => changesOf(project, byProject.get(keyOf(project)) ?? [], input));
  const needed = serversAfter(changes, input);
  return {
    ...(needed > input.dropletLimit && { overLimit: { limit: input.dropletLimit, needed } }),
    projects: csv.steps.map(summarizeStep),
    droplets: changes,
    firewalls: projects
      .filter(project => !isTaken(project))
      .flatMap(project =>
        planFirewallChanges(project, input.firewalls, elsewhere(project, byName.get(project.metadata.name))),
      ),
    conflicts: csv.conflicts,
    taken: projects.filter(isTaken).map(project => ({
      project: keyOf(project),
      message: sayNameTaken(names.get(project.metadata.name)!),
    })),
    losses: csv.losses,
    ...(held && { held }),
    monthlyCost: costs(changes, input),
  };
}

/** Droplets of other namespaces that bear the project's name: its firewalls protect them, too. */
const elsewhere = ({ metadata }: Project, droplets: readonly Droplet[] = []): Droplet[] =>
  droplets.filter(droplet => droplet.metadata.namespace !== metadata.namespace);

const projectKeyOf = ({ metadata, spec }: Droplet): string => `${metadata.namespace}/${spec.project}`;

/** What the gate would say of the losses, as far as is known here. */
function heldOf(losses: Effect[], { admitted, droplets }: FleetPlanInput): Doubt | undefined {
  const live = droplets.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const byProject = Map.groupBy(live, projectKeyOf);
  const group = 'plan';
  const request = { asker: group, group, effects: losses, ageMs: 0, believedAfterMs: 0, confirmed: false };
  const verdict = judge({
    requests: [request],
    admitted,
    held: new Set(),
    droplets: new Map([...byProject].map(([key, all]) => [key, all.map(({ metadata }) => metadata.uid!)])),
    fleetSize: live.length,
  }).get(group);
  return verdict?.type === 'hold' ? { reason: verdict.reason, message: verdict.message } : undefined;
}

function summarizeStep(step: CsvPlan['steps'][number]): FleetPlan['projects'][number] {
  switch (step.type) {
    case 'create-project':
      return { action: 'create', name: step.name, servers: step.spec.servers };
    case 'update-project':
      return { action: 'update', name: step.project.metadata.name, servers: step.spec.servers };
    case 'delete-project':
      return { action: 'delete', name: step.project.metadata.name, servers: 0 };
  }
}

/** The Projects as the rows' plan leaves them; a deleted one is there still, being deleted. */
function projectsAfter({ steps }: CsvPlan, { projects, namespace }: FleetPlanInput): Project[] {
  const changed = new Map<string, Project>();
  const created: Project[] = [];
  for (const step of steps) {
    if (step.type === 'create-project') created.push(newProject(step.name, namespace, step.spec));
    else if (step.type === 'update-project') changed.set(step.project.metadata.uid!, withSpec(step));
    else changed.set(step.project.metadata.uid!, asDeleted(step.project));
  }
  return [...projects.map(project => changed.get(project.metadata.uid!) ?? project), ...created];
}

const newProject = (name: string, namespace: string, spec: Project['spec']): Project => ({
  apiVersion: API_VERSION,
  kind: 'Project',
  metadata: { name, namespace, labels: { [SOURCE_LABEL]: 'csv' }, finalizers: [PROJECT_FINALIZER] },
  spec,
});

const withSpec = ({
  project,
  spec,
}: Extract<CsvPlan['steps'][number], { type: 'update-project' }>): Project => ({
  ...project,
  spec: { ...project.spec, ...spec },
});

const asDeleted = (project: Project): Project => ({
  ...project,
  metadata: { ...project.metadata, deletionTimestamp: 'planned' },
});

/** @param droplets the project's. */
function changesOf(project: Project, droplets: readonly Droplet[], input: FleetPlanInput): DropletChange[] {
  const steps = planProject(project, droplets);
  const leaving = new Set(steps.flatMap(step => (step.type === 'delete-droplet' ? [step.droplet] : [])));
  const staying = droplets.filter(droplet => !leaving.has(droplet));
  return [
    ...steps.flatMap(step => creations(project, step)),
    ...staying.flatMap(droplet => repairs(project, droplet, input)),
    ...[...leaving].flatMap(droplet => deletions(droplet, serversOf(droplet, input))),
  ];
}

function creations(project: Project, step: ProjectStep): DropletChange[] {
  return step.type === 'create-droplet' ? [creation(project.metadata.name, step.name, step.spec)] : [];
}

const creation = (project: string, name: string, { size, region }: DropletSpec): DropletChange => ({
  action: 'create',
  name,
  project,
  size,
  region,
});

const deletions = (droplet: Droplet, servers: readonly Server[]): DropletChange[] =>
  servers.map(({ id, size, region }) => ({
    action: 'delete',
    name: droplet.metadata.name,
    project: droplet.spec.project,
    size,
    region,
    id,
  }));

/** What a Droplet that stays needs: another size, power, or a server at all. */
function repairs(project: Project, droplet: Droplet, input: FleetPlanInput): DropletChange[] {
  if (project.spec.suspend) return [];
  const [server, ...duplicates] = serversOf(droplet, input);
  if (droplet.metadata.deletionTimestamp !== undefined) return deletions(droplet, serversOf(droplet, input));
  const size = droplet.spec.role === 'master' ? project.spec.masterSpec : project.spec.webSpec;
  const { name } = droplet.metadata;
  if (server === undefined) return [creation(project.metadata.name, name, { ...droplet.spec, size })];
  return [
    ...repairServer({ name, project: project.metadata.name, size }, server, input),
    ...deletions(droplet, duplicates),
  ];
}

function repairServer(
  wanted: { name: string; project: string; size: string },
  server: Server,
  { sizes }: FleetPlanInput,
): DropletChange[] {
  const { id } = server;
  if (server.size !== wanted.size) {
    const problem = resizeProblem(server, wanted.size, sizes);
    if (problem !== undefined)
      return [{ action: 'refuse', name: wanted.name, project: wanted.project, problem }];
    return [{ action: 'resize', ...wanted, from: server.size, id }];
  }
  return server.status === 'off' ? [{ action: 'power-on', ...wanted, id }] : [];
}

/** The server that the Droplet keeps comes first. */
function serversOf({ metadata, status }: Droplet, { servers }: FleetPlanInput): readonly Server[] {
  const mine = servers.get(metadata.uid!) ?? [];
  return mine.toSorted((a, b) => Number(b.id === status?.server?.id) - Number(a.id === status?.server?.id));
}

function serversAfter(changes: readonly DropletChange[], { servers }: FleetPlanInput): number {
  const count = (action: DropletChange['action']): number =>
    changes.filter(change => change.action === action).length;
  return [...servers.values()].flat().length + count('create') - count('delete');
}

/** Prices of the servers that are there, and of those that will be. */
function costs(
  changes: readonly DropletChange[],
  { servers, prices }: FleetPlanInput,
): FleetPlan['monthlyCost'] {
  const now = [...servers.values()].flat().map(({ size }) => size);
  const gone = changes.flatMap(change =>
    change.action === 'delete' ? [change.size] : change.action === 'resize' ? [change.from] : [],
  );
  const come = changes.flatMap(change =>
    change.action === 'create' || change.action === 'resize' ? [change.size] : [],
  );
  const before = total(now, prices);
  const lost = total(gone, prices);
  const won = total(come, prices);
  const isKnown = before !== undefined && lost !== undefined && won !== undefined;
  return { ...(before !== undefined && { before }), ...(isKnown && { after: before - lost + won }) };
}

function total(sizes: readonly string[], prices: Prices): number | undefined {
  const known = sizes.map(size => prices.get(size));
  return known.reduce<number | undefined>(
    (sum, price) => (sum === undefined || price === undefined ? undefined : sum + price),
    0,
  );
}
