import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import type { Project } from '../../crds/project.ts';
import type { SizeFacts } from '../droplet/model.ts';
import type { Doubt, Effect } from '../gate/effect.ts';
import type { Admission } from '../gate/policy.ts';
import { planProjects, type CsvPlan, type DesiredProject } from '../projects-csv/plan.ts';
import type { Prices } from '../read-model/cost.ts';
import { hasItsName, namesOf, nameTakenMessage } from '../read-model/project-names.ts';
import { keptServers, type KeptServer } from '../retired/plan.ts';
import { changesOfAll, isHeld, type DropletChange } from './changes-plan.ts';
import { forecastDroplet, type Evidence, type Forecast, type Observation } from './droplets-plan.ts';
import { planFirewallChanges, type FirewallChange, type KnownFirewalls } from './firewalls-plan.ts';
import { heldLosses, verdictsOn } from './gate-plan.ts';
import { dropletsAfter, isToBeDeleted, projectsAfter } from './objects-plan.ts';

/** What orchestrate would do. */
export interface FleetPlan {
  /** What happens to Project objects. */
  projects: { action: 'create' | 'update' | 'delete'; name: string; servers: number }[];
  /** In the order of the projects. */
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
  /** Servers that were replaced, and are kept and paid for until then. */
  retired: KeptServer[];
  /** US dollars a month, now and afterwards; undefined when a price is not known. */
  monthlyCost: { before?: number; after?: number };
}

export interface FleetPlanInput {
  rows: readonly DesiredProject[];
  /** The namespace of the rows' Projects. */
  namespace: string;
  projects: readonly Project[];
  droplets: readonly Droplet[];
  /** What the cloud holds for each Droplet, by its uid. */
  observations: ReadonlyMap<string, Observation>;
  /** What speaks against a first server, by the project's name. */
  evidence: ReadonlyMap<string, Evidence>;
  /** All servers that carry the fleet's tag. */
  servers: readonly { id: number; name: string; size: string; tags: readonly string[] }[];
  sizes: ReadonlyMap<string, SizeFacts>;
  prices: Prices;
  firewalls: KnownFirewalls;
  /** The most droplets that the account may have. */
  dropletLimit: number;
  /** What the gate let through of late. */
  admitted: readonly Admission[];
  /** Whether a person has confirmed all of that, on one of those objects. */
  isConfirmed: (effects: readonly Effect[], objects: readonly (Project | Droplet)[]) => boolean;
}

/**
 * What orchestrate would do, from the same plans that the controllers follow: the rows' plan gives the Projects
 * as they will be, each Project's plan its Droplets, each Droplet's plan what is asked of the cloud, and the gate's
 * policy what of that is let through.
 */
export function planFleet(input: FleetPlanInput): FleetPlan {
  const isHere = (object: Project | Droplet): boolean => object.metadata.namespace === input.namespace;
  const csv = planProjects(input.rows, input.projects.filter(isHere), input.droplets.filter(isHere));
  const projects = projectsAfter(csv, input);
  const names = namesOf(projects);
  const isTaken = (project: Project): boolean => !hasItsName(keyOf(project), project.metadata.name, names);
  const held = heldLosses(csv.losses, input);
  const { droplets, overLimit } = planDroplets(projects, isTaken, csv.losses, input);
  const byName = Map.groupBy(input.droplets, ({ spec }) => spec.project);
  return {
    ...(overLimit && { overLimit }),
    projects: csv.steps.map(summarizeStep),
    droplets,
    firewalls: projects
      .filter(project => !isTaken(project))
      .flatMap(project =>
        planFirewallChanges(project, input.firewalls, elsewhere(project, byName.get(project.metadata.name))),
      ),
    conflicts: csv.conflicts,
    taken: projects.filter(isTaken).map(project => ({
      project: keyOf(project),
      message: nameTakenMessage(names.get(project.metadata.name)!),
    })),
    losses: csv.losses,
    ...(held && { held }),
    retired: keptServers(input.servers),
    monthlyCost: costs(droplets, input),
  };
}

/** Droplets of other namespaces that bear the project's name: its firewalls protect them, too. */
const elsewhere = ({ metadata }: Project, droplets: readonly Droplet[] = []): Droplet[] =>
  droplets.filter(droplet => droplet.metadata.namespace !== metadata.namespace);

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

interface PlannedDroplets {
  droplets: DropletChange[];
  overLimit?: { limit: number; needed: number };
}

/** What becomes of the Droplets. Those that the gate does not let pass stay, and are looked after like any other. */
function planDroplets(
  projects: readonly Project[],
  isTaken: (project: Project) => boolean,
  losses: readonly Effect[],
  input: FleetPlanInput,
): PlannedDroplets {
  const after = (spared: ReadonlySet<string>): Droplet[] =>
    dropletsAfter(projects, input.droplets, isTaken, spared);
  const { forecasts, overLimit } = forecastAll(after(new Set()), projects, input);
  const verdicts = verdictsOn(forecasts, losses, input);
  const spared = forecasts.filter(one => isToBeDeleted(one.droplet) && isHeld(one, verdicts));
  if (spared.length === 0)
    return { droplets: changesOfAll(forecasts, verdicts), ...(overLimit && { overLimit }) };
  const uids = new Set(spared.map(({ droplet }) => droplet.metadata.uid!));
  const second = forecastAll(after(uids), projects, input);
  const asked = [...losses, ...spared.flatMap(({ rounds }) => rounds.flatMap(({ effects }) => effects.own))];
  const now = verdictsOn(second.forecasts, asked, input);
  return {
    ...(second.overLimit && { overLimit: second.overLimit }),
    droplets: [...changesOfAll(spared, verdicts), ...changesOfAll(second.forecasts, now)],
  };
}

/** What becomes of each Droplet; the account's limit is met by those that would be bought last. */
function forecastAll(
  droplets: readonly Droplet[],
  projects: readonly Project[],
  input: FleetPlanInput,
): { forecasts: Forecast[]; overLimit?: { limit: number; needed: number } } {
  const byKey = new Map(projects.map(project => [keyOf(project), project]));
  const forecast = (droplet: Droplet, shortage?: string): Forecast =>
    forecastDroplet(droplet, {
      observation: input.observations.get(droplet.metadata.uid!),
      evidence: input.evidence.get(droplet.spec.project),
      sizes: input.sizes,
      suspended: byKey.get(projectKeyOf(droplet))?.spec.suspend ?? false,
      ...(shortage !== undefined && { shortage }),
    });
  const forecasts = droplets.map(droplet => forecast(droplet));
  const limit = input.dropletLimit;
  const needed = input.servers.length + countSteps(forecasts, 'launch') - countSteps(forecasts, 'destroy');
  if (needed <= limit) return { forecasts };
  const refused = new Set(forecasts.filter(buys).slice(limit - needed));
  const shortage = `the account may have ${limit} droplets, and this fleet has them all`;
  return {
    forecasts: forecasts.map(one => (refused.has(one) ? forecast(one.droplet, shortage) : one)),
    overLimit: { limit, needed },
  };
}

const projectKeyOf = ({ metadata, spec }: Droplet): string => `${metadata.namespace}/${spec.project}`;

const buys = (forecast: Forecast): boolean => countSteps([forecast], 'launch') > 0;

const countSteps = (forecasts: readonly Forecast[], type: 'launch' | 'destroy'): number =>
  forecasts.flatMap(({ rounds }) => rounds.flatMap(({ steps }) => steps)).filter(step => step.type === type)
    .length;

/** Prices of the servers that are there, and of those that will be. */
function costs(
  changes: readonly DropletChange[],
  { servers, prices }: FleetPlanInput,
): FleetPlan['monthlyCost'] {
  const listed = new Set(servers.map(({ id }) => id));
  const gone = changes.flatMap(change =>
    change.action === 'delete' ? [change.size] : change.action === 'resize' ? [change.from] : [],
  );
  const come = changes.flatMap(change =>
    change.action === 'create' ||
    change.action === 'resize' ||
    (change.action === 'take-over' && !listed.has(change.id))
      ? [change.size]
      : [],
  );
  const before = total(
    servers.map(({ size }) => size),
    prices,
  );
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
