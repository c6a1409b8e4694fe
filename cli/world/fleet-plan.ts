import type { CloudDroplet } from '../../clients/digitalocean/cloud.ts';
import { DROPLETS, PROJECTS } from '../../clients/kubernetes/kinds.ts';
import { checkSizes } from '../../config/check-sizes.ts';
import { ConfigurationError, formatProblems } from '../../config/problems.ts';
import type { ProjectRow } from '../../config/projects-csv.ts';
import { fleetTag, uidOf } from '../../crds/cloud-tags.ts';
import { keyOf } from '../../crds/meta.ts';
import { CONFIRM_ANNOTATION } from '../../crds/names.ts';
import type { Project, ProjectSpec } from '../../crds/project.ts';
import { planFleet, type FleetPlan } from '../../reconcilers/fleet-plan/plan.ts';
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
import { fleetIdOf, type World } from './world.ts';

/** A plan, and which rows it is for. */
export interface PlanForRows extends FleetPlan {
  /** Why rows are not followed whose sizes their regions do not offer. */
  heldRows: string[];
  /** The rows without those; undefined when there are no rows. */
  followed: DesiredProject[] | undefined;
}

/**
 * What orchestrate would do with those rows, as things are now; a size that does not exist stops it, and one that its
 * region does not offer holds up its row. Without rows
 * the Projects stay as they are, and what they ask for is planned.
 */
export async function planForRows(
  world: World,
  rows: readonly ProjectRow[] | undefined,
): Promise<PlanForRows> {
  const fleetId = await fleetIdOf(world);
  const tag = fleetTag(fleetId);
  const [projects, droplets, servers, sizes, firewalls, admins, { admitted }, account] = await Promise.all([
    world.kubernetes.list(PROJECTS),
    world.kubernetes.list(DROPLETS),
    world.cloud.listDroplets(tag),
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
    throw new ConfigurationError(`nothing was changed:\n${formatProblems(problems)}`);
  const heldRows = heldRowsOf(problems);
  const followed = rows && rowsToFollow(rows, name => heldRows.has(name), specOf);
  const plan = planFleet({
    rows: followed ?? rowsAsTheyAre(projects.items, world.namespace),
    namespace: world.namespace,
    projects: projects.items,
    droplets: droplets.items,
    servers: byUid(servers),
    sizes: new Map(sizes.map(size => [size.slug, size])),
    prices: pricesOf(sizes),
    admitted,
    dropletLimit: account.dropletLimit,
    firewalls: { fleetId, firewalls, sshPort: world.sshPort, admins },
  });
  const result = { ...plan, heldRows: [...heldRows.values()], followed };
  return isConfirmed(plan, projects.items, Date.now()) ? { ...result, held: undefined } : result;
}

/** Whether a person has confirmed what the plan costs, as `scale` does for its own change. */
const isConfirmed = ({ losses }: FleetPlan, projects: readonly Project[], now: number): boolean =>
  projects.some(({ metadata }) => confirms(metadata.annotations?.[CONFIRM_ANNOTATION], losses, now));

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

function byUid(servers: readonly CloudDroplet[]): Map<string, CloudDroplet[]> {
  const groups = new Map<string, CloudDroplet[]>();
  for (const server of servers.toSorted((a, b) => a.id - b.id)) {
    const uid = uidOf(server.tags);
    if (uid !== undefined) groups.set(uid, [...(groups.get(uid) ?? []), server]);
  }
  return groups;
}
