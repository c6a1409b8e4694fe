import { systemClock } from '../../clients/clock.ts';
import { DROPLETS, PROJECTS } from '../../clients/kubernetes/kinds.ts';
import { checkSizes } from '../../config/check-sizes.ts';
import { ConfigurationError, formatProblems } from '../../config/problems.ts';
import type { ProjectRow } from '../../config/projects-csv.ts';
import { keyOf } from '../../crds/meta.ts';
import { CONFIRM_ANNOTATION } from '../../crds/names.ts';
import type { Project, ProjectSpec } from '../../crds/project.ts';
import { observeFleet } from '../../reconcilers/fleet-plan/observe.ts';
import { planFleet, type FleetPlan, type FleetPlanInput } from '../../reconcilers/fleet-plan/plan.ts';
import { confirms } from '../../reconcilers/gate/confirmation.ts';
import { readLedger } from '../../reconcilers/gate/ledger.ts';
import { DEFAULT_REGION } from '../../reconcilers/project/plan.ts';
import {
  isFromCsv,
  rowsToFollow,
  rowsWithNewSizes,
  type DesiredProject,
} from '../../reconcilers/projects-csv/plan.ts';
import { heldRowsOf } from '../../reconcilers/projects-csv/held-rows.ts';
import { pricesOf } from './fleet-watch.ts';
import { knownAdmins } from './admin-access.ts';
import { identityOf } from './identity.ts';
import type { World } from './world.ts';

/** A plan, and which rows it is for. */
export interface PlanForRows extends FleetPlan {
  /** Why rows are not followed whose sizes their regions do not offer. */
  heldRows: string[];
  /** The rows without those; undefined when there are no rows. */
  followed: DesiredProject[] | undefined;
}

/**
 * What orchestrate would do with those rows, as things are now; a size that does not exist stops it, and one that its
 * region does not offer holds up its row. Without rows the Projects stay as they are, and what they ask for is planned.
 */
export async function planForRows(
  world: World,
  rows: readonly ProjectRow[] | undefined,
): Promise<PlanForRows> {
  const identity = await identityOf(world);
  const [projects, droplets, sizes, firewalls, admins, { admitted }, account] = await Promise.all([
    world.kubernetes.list(PROJECTS),
    world.kubernetes.list(DROPLETS),
    world.cloud.listSizes(),
    world.cloud.listFirewalls(),
    knownAdmins(world),
    readLedger(world.kubernetes, world.namespace),
    world.cloud.getAccount(),
  ]);
  const specs = new Map(projects.items.map(project => [keyOf(project), project.spec]));
  const specOf = (name: string): ProjectSpec | undefined => specs.get(`${world.namespace}/${name}`);
  const news = rowsWithNewSizes(rows ?? [], specOf);
  const problems = checkSizes(news, sizes, name => specOf(name)?.region ?? DEFAULT_REGION);
  if (problems.some(({ exists }) => !exists))
    throw new ConfigurationError(`no changes made:\n${formatProblems(problems)}`);
  const heldRows = heldRowsOf(problems);
  const followed = rows && rowsToFollow(rows, name => heldRows.has(name), specOf);
  const names = [
    ...(followed ?? []).map(({ project }) => project),
    ...projects.items.map(({ metadata }) => metadata.name),
    ...droplets.items.map(({ spec }) => spec.project),
  ];
  const { signal } = new AbortController();
  const observed = await observeFleet(
    { ...world, identity, clock: systemClock },
    droplets.items,
    names,
    signal,
  );
  const plan = planFleet({
    ...observed,
    rows: followed ?? rowsAsTheyAre(projects.items, world.namespace),
    namespace: world.namespace,
    projects: projects.items,
    droplets: droplets.items,
    sizes: new Map(sizes.map(size => [size.slug, size])),
    prices: pricesOf(sizes),
    admitted,
    dropletLimit: account.dropletLimit,
    isConfirmed: confirmedAt(Date.now()),
    firewalls: { fleetId: identity.fleet, firewalls, sshPort: world.sshPort, admins },
  });
  return { ...plan, heldRows: [...heldRows.values()], followed };
}

/** Whether a person has confirmed it, as `scale` does for its own change. */
const confirmedAt =
  (now: number): FleetPlanInput['isConfirmed'] =>
  (effects, objects) =>
    objects.some(({ metadata }) => confirms(metadata.annotations?.[CONFIRM_ANNOTATION], effects, now));

/** What rows would say that change nothing. */
const rowsAsTheyAre = (projects: readonly Project[], namespace: string): DesiredProject[] =>
  projects
    .filter(project => isFromCsv(project) && project.metadata.namespace === namespace)
    .map(({ metadata, spec: { servers, masterSpec, webSpec } }) => ({
      project: metadata.name,
      servers,
      masterSpec,
      webSpec,
    }));
