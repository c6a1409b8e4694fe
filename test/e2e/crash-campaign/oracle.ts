import type { CloudDroplet } from '../../../clients/digitalocean/cloud.ts';
import { isConditionTrue } from '../../../crds/conditions.ts';
import { retiredUidOf, uidOf } from '../../../crds/cloud-tags.ts';
import type { Droplet } from '../../../crds/droplet.ts';
import type { Project } from '../../../crds/project.ts';
import { firewallName } from '../../../crds/firewall-name.ts';
import type { Visitors } from './visitors.ts';
import { FLEET_ID, type CampaignWorld, type Victim } from './world.ts';

/** What still keeps the world from being as the rows say; empty when it is so. */
export function differences(world: CampaignWorld, rows: readonly string[]): string[] {
  const wanted = new Map(rows.flatMap(wantedServers));
  const droplets = world.droplets();
  const ids = droplets.map(({ status }) => status?.server?.id).toSorted(byNumber);
  const living = world.living();
  return [
    ...compare('projects', nameList(world.projects()), rows.map(row => row.split(',')[0]!).toSorted()),
    ...compare('droplets', nameList(droplets), [...wanted.keys()].toSorted()),
    ...world.projects().flatMap(project => notReady(project)),
    ...droplets.flatMap(droplet => notAsWanted(droplet, wanted)),
    ...compare(
      'firewalls',
      world.firewalls(),
      world.hasFirewalls ? rows.flatMap(wantedFirewalls).toSorted() : [],
    ),
    ...(world.visitors ? droplets.flatMap(droplet => notVisited(droplet, world.visitors!)) : []),
    ...droplets.flatMap(droplet => notRecovered(droplet, world.victims)),
    ...compare(
      'ids of living servers',
      living.map(({ id }) => id).toSorted(byNumber),
      [...ids, ...retired(world).map(({ id }) => id)].toSorted(byNumber),
    ),
  ];
}

/** The servers that others have taken the place of: they are kept. */
const retired = (world: CampaignWorld): { id: number; droplet: Droplet }[] =>
  world.droplets().flatMap(droplet => {
    const { id } = world.victims.get(droplet.metadata.name) ?? {};
    const current = droplet.status?.server?.id;
    return id === undefined || current === undefined || current === id ? [] : [{ id, droplet }];
  });

function notRecovered(
  { metadata: { name }, status }: Droplet,
  victims: ReadonlyMap<string, Victim>,
): string[] {
  const victim = victims.get(name);
  if (victim === undefined) return [];
  const [last] = status?.recoveries ?? [];
  return [
    ...compare(`the recovery of ${name}`, status?.recovery?.step ?? last?.result, 'Recovered'),
    ...(victim.isGivenUp && status?.server?.id === victim.id
      ? [`${name} still has droplet ${victim.id}`]
      : []),
  ];
}

/** What is wrong with a world that converged and was left by its operator; lists no longer lag. */
export async function flaws(world: CampaignWorld, rows: readonly string[]): Promise<string[]> {
  const servers = await world.listInTheEnd();
  const byUid = new Map(servers.map(server => [uidOf(server.tags), server.id]));
  return [
    ...world.violations,
    ...(await world.snapshotFlaws()),
    ...differences(world, rows),
    ...compare('listed servers', servers.length, world.droplets().length + retired(world).length),
    ...retired(world).flatMap(({ id, droplet }) => {
      const server = servers.find(other => other.id === id);
      const marks = {
        status: server?.status,
        owner: uidOf(server?.tags ?? []),
        of: retiredUidOf(server?.tags ?? []),
      };
      return compare(`the retired droplet ${id}`, marks, {
        status: 'off',
        owner: undefined,
        of: droplet.metadata.uid,
      });
    }),
    ...world.droplets().flatMap(droplet => unmatched(droplet, servers, byUid)),
  ];
}

function unmatched(
  { metadata, status }: Droplet,
  servers: readonly CloudDroplet[],
  byUid: ReadonlyMap<string | undefined, number>,
): string[] {
  const server = servers.find(({ id }) => id === status?.server?.id);
  return [
    ...compare(
      `the server that carries the uid of ${metadata.name}`,
      byUid.get(metadata.uid),
      status?.server?.id,
    ),
    ...compare(`the state of ${metadata.name}`, server?.status, 'active'),
  ];
}

/** The names and sizes that a row asks for. */
function wantedServers(row: string): [string, string][] {
  const [project, servers, master, web] = row.split(',') as [string, string, string, string];
  const webs = Array.from({ length: Number(servers) - 1 }, (_, i) => `${project}-web${i + 1}`);
  return [[`${project}-master`, master], ...webs.map((name): [string, string] => [name, web])];
}

/** One for the master, and one for webs if there are any. */
function wantedFirewalls(row: string): string[] {
  const [project, servers] = row.split(',') as [string, string];
  const roles = servers === '1' ? (['master'] as const) : (['master', 'web'] as const);
  return roles.map(role => firewallName(FLEET_ID, project, role));
}

function notReady({ kind, metadata, status }: Project | Droplet): string[] {
  const isReady = isConditionTrue(status?.conditions, 'Ready');
  const isCurrent = status?.observedGeneration === metadata.generation;
  return isReady && isCurrent ? [] : [`${kind} ${metadata.name} is not Ready: ${JSON.stringify(status)}`];
}

/** A service answers on every web. */
const notVisited = ({ metadata, spec, status }: Droplet, visitors: Visitors): string[] =>
  spec.role === 'master' || visitors.comeTo(status?.server?.privateAddress ?? '')
    ? []
    : [`no requests come to ${metadata.name}`];

const notAsWanted = (droplet: Droplet, sizes: ReadonlyMap<string, string>): string[] => [
  ...notReady(droplet),
  ...compare(
    `the size of ${droplet.metadata.name}`,
    droplet.status?.server?.size,
    sizes.get(droplet.metadata.name),
  ),
];

function compare(what: string, found: unknown, wanted: unknown): string[] {
  const [is, shouldBe] = [JSON.stringify(found), JSON.stringify(wanted)];
  return is === shouldBe ? [] : [`${what}: ${is}, not ${shouldBe}`];
}

const nameList = (objects: readonly { metadata: { name: string } }[]): string[] =>
  objects.map(({ metadata }) => metadata.name).toSorted();

const byNumber = (a = 0, b = 0): number => a - b;
