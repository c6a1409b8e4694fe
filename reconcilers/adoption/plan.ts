import { drillUidOf, retiredUidOf, uidOf } from '../../crds/cloud-tags.ts';
import type { Droplet, DropletSpec } from '../../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import { ADOPT_ANNOTATION, dropletNames } from '../../crds/names.ts';
import type { Project, ProjectSpec } from '../../crds/project.ts';
import { count } from '../gate/effect.ts';
import { isFromCsv, type DesiredProject } from '../projects-csv/plan.ts';
import { placeOf, type Place } from './place-plan.ts';
import { newProject, projectsNamed, type NewProject } from './project-plan.ts';

/** A server of the cloud, as far as adopting it needs to know it. */
export interface Candidate {
  id: number;
  name: string;
  status: 'new' | 'active' | 'off' | 'archive';
  size: string;
  region: string;
  image: string;
  tags: readonly string[];
  /** RFC 3339. */
  createdAt: string;
  publicAddress?: string;
}

/** A server that is to become a Droplet's. */
export interface Adoption extends Place {
  server: Candidate;
  namespace: string;
}

/** A server that is not taken over, and why. */
export interface LeftAlone {
  server: Candidate;
  reason: string;
}

export type AdoptionStep =
  | { type: 'create-project'; project: NewProject }
  /** To what its row says: csv-sync may not have been there yet. */
  | { type: 'raise-project'; project: Project; servers: number }
  /** Its Project owns it, unless it has no place for it yet. */
  | { type: 'create-droplet'; place: Adoption; spec: DropletSpec; isOwned: boolean }
  /** With `forget` the status names a server that is gone. */
  | { type: 'claim'; place: Adoption; droplet: Droplet; forget: boolean };

export interface AdoptionPlan {
  adoptions: Adoption[];
  leftAlone: LeftAlone[];
  /** In the order in which they are to be done. */
  steps: AdoptionStep[];
  /** What a person should know before saying yes. Sentences without a stop. */
  notes: string[];
}

export interface AdoptionInput {
  /** The fleet's name, as the tags have it. */
  fleet: string;
  /** Where new Projects come to be. */
  namespace: string;
  /** Those that carry the fleet's tag. */
  servers: readonly Candidate[];
  /** The rows of projects.csv, where this world has one. */
  rows: readonly DesiredProject[];
  projects: readonly Project[];
  droplets: readonly Droplet[];
}

/**
 * What gives the fleet's servers that no object owns their objects back. Nothing is made that would have a server
 * bought, resized or destroyed; what is not certain is left alone.
 *
 *     the server's tags and name           | the object               | then
 *     -------------------------------------+--------------------------+-------------------------------------
 *     name the uid of a Droplet            | any                      | - (it is, or was, that one's)
 *     are a restore drill's                | any                      | - (it is about to be removed)
 *     do not tell its place                | any                      | left alone
 *     tell the same place as another's     | any                      | both left alone
 *     tell a place that the project has not| none                     | left alone
 *     tell a place                         | a Droplet with a server  | left alone
 *     tell a place                         | a Droplet without        | the Droplet is told to take it over
 *     tell a place                         | none                     | the Droplet is made, its Project first
 */
export function planAdoption(input: AdoptionInput): AdoptionPlan {
  const uids = new Set(input.droplets.map(({ metadata }) => metadata.uid));
  const orphans = input.servers
    .filter(({ tags: given }) => {
      const tags = given.map(tag => tag.toLowerCase());
      return !uids.has(uidOf(tags) ?? retiredUidOf(tags)) && drillUidOf(tags) === undefined;
    })
    .toSorted((a, b) => a.id - b.id);
  const leftAlone: LeftAlone[] = [];
  const placed: { server: Candidate; place: Place }[] = [];
  for (const server of orphans) {
    const place = placeOf(input.fleet, server);
    if (typeof place === 'string') leftAlone.push({ server, reason: `${place}; ${byHand(server)}` });
    else placed.push({ server, place });
  }
  const unique: typeof placed = [];
  for (const [name, same] of Map.groupBy(placed, ({ place }) => place.name)) {
    const ids = same.map(({ server }) => server.id).join(' and ');
    const reason = `${same.length} servers are ${name}: ${ids}. See which is the right one, then ${byHand(same[0]!.server, name)}, and likewise the others`;
    if (same.length === 1) unique.push(...same);
    else leftAlone.push(...same.map(({ server }) => ({ server, reason })));
  }
  const plans = [...Map.groupBy(unique, ({ place }) => place.project)].map(([project, members]) =>
    planProject(input, project, members),
  );
  return {
    adoptions: plans.flatMap(plan => plan.adoptions).toSorted(byPlace),
    leftAlone: [...leftAlone, ...plans.flatMap(plan => plan.leftAlone)],
    steps: plans.flatMap(plan => plan.steps),
    notes: plans.flatMap(plan => plan.notes),
  };
}

const byHand = ({ id }: Candidate, name = 'NAME'): string =>
  `run "dropfleet adopt --droplet ${id} --as ${name}"`;

const byPlace = (a: Adoption, b: Adoption): number =>
  a.project.localeCompare(b.project, 'en') || a.number - b.number;

function planProject(
  input: AdoptionInput,
  name: string,
  members: readonly { server: Candidate; place: Place }[],
): AdoptionPlan {
  const existing = projectsNamed(input, name);
  const alone = (reason: string): AdoptionPlan => ({
    adoptions: [],
    leftAlone: members.map(({ server }) => ({ server, reason })),
    steps: [],
    notes: [],
  });
  if (existing.length > 1)
    return alone(`there are Projects ${existing.map(keyOf).join(' and ')}, and its tags do not say which`);
  const [present] = existing;
  const problem = present && projectProblem(present);
  if (problem !== undefined) return alone(problem);
  const project = present ? asInRow(input, present) : newProject(input, name, members);
  const namespace = project.metadata.namespace ?? input.namespace;
  const plan: AdoptionPlan = { adoptions: [], leftAlone: [], steps: [], notes: [] };
  for (const { server, place } of members) {
    const adoption: Adoption = { ...place, server, namespace };
    const droplet = dropletOf(input, adoption);
    const reason = placeProblem(adoption, project.spec.servers) ?? claimProblem(adoption, droplet);
    if (reason !== undefined) {
      plan.leftAlone.push({ server, reason });
      continue;
    }
    plan.adoptions.push(adoption);
    plan.steps.push(stepFor(adoption, droplet, true));
  }
  if (plan.adoptions.length === 0) return plan;
  if (present === undefined) plan.steps.unshift({ type: 'create-project', project: project as NewProject });
  else if (project.spec.servers !== present.spec.servers)
    plan.steps.unshift({ type: 'raise-project', project: present, servers: project.spec.servers });
  return { ...plan, notes: notesOn(input, project, plan.adoptions) };
}

/** A Project that came from the file grows with its row. */
function asInRow({ rows }: AdoptionInput, project: Project): Project {
  const row = rows.find(row => row.project === project.metadata.name);
  if (row === undefined || !isFromCsv(project) || row.servers <= project.spec.servers) return project;
  return { ...project, spec: { ...project.spec, servers: row.servers } };
}

/** Why nothing can be taken over for a Project, if so. */
export function projectProblem({ metadata, spec }: Project): string | undefined {
  const key = keyOf({ metadata });
  if (metadata.deletionTimestamp !== undefined)
    return `the Project ${key} is being deleted: wait until it is gone`;
  if (spec.suspend)
    return `the Project ${key} is suspended: kubectl -n ${metadata.namespace} patch project ${metadata.name} --type=merge -p '{"spec":{"suspend":false}}'`;
  return undefined;
}

export const dropletOf = (
  { droplets }: Pick<AdoptionInput, 'droplets'>,
  { namespace, name }: Adoption,
): Droplet | undefined =>
  droplets.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);

function placeProblem({ project, number, name }: Adoption, servers: number): string | undefined {
  if (number < servers) return undefined;
  return `${project} is to have ${count(servers, 'server')}, so there is no place for ${name}: make it ${number + 1} in projects.csv, or by "kubectl scale" where the Project was applied by hand, and try again; nothing is bought while such servers are there`;
}

/** Why a Droplet cannot take the server over, if so. Its status may name a server. */
export function claimProblem(
  { server, project, role, namespace, name }: Adoption,
  droplet: Droplet | undefined,
): string | undefined {
  if (droplet === undefined) return undefined;
  const { metadata, spec, status } = droplet;
  const key = keyOf(droplet);
  if (metadata.deletionTimestamp !== undefined)
    return `the Droplet ${key} is being deleted: wait until it is gone`;
  if (spec.project !== project || spec.role !== role)
    return `the Droplet ${key} is of another project or role (${spec.project}, ${spec.role})`;
  if (status?.server?.id !== undefined && status.server?.id !== server.id)
    return `the Droplet ${key} has the server ${status.server?.id} already`;
  if (status?.server?.id === undefined && status?.server?.nonce !== undefined)
    return `a server was asked for on behalf of the Droplet ${key} a moment ago: try again in a minute`;
  if (spec.region !== server.region)
    return `it is in ${server.region} and the Droplet ${key} is to be in ${spec.region}: kubectl -n ${namespace} patch project ${project} --type=merge -p '{"spec":{"region":"${server.region}"}}', then kubectl -n ${namespace} delete droplet ${name}, then try again`;
  return undefined;
}

/** Made so that nothing about the server has to change. */
export function stepFor(place: Adoption, droplet: Droplet | undefined, isOwned: boolean): AdoptionStep {
  const { project, role, server } = place;
  const { size, region, image } = server;
  if (droplet !== undefined) {
    const { id } = droplet.status?.server ?? {};
    return { type: 'claim', place, droplet, forget: id !== undefined && id !== server.id };
  }
  return { type: 'create-droplet', place, spec: { project, role, size, region, image }, isOwned };
}

function notesOn(
  input: AdoptionInput,
  { metadata, spec }: Pick<Project, 'metadata' | 'spec'>,
  adoptions: readonly Adoption[],
): string[] {
  const namespace = adoptions[0]!.namespace;
  const taken = new Set(adoptions.map(({ name }) => name));
  const missing = dropletNames(metadata.name, spec.servers).filter(name => {
    const droplet = input.droplets.find(
      ({ metadata: other }) => other.namespace === namespace && other.name === name,
    );
    const isToTakeOver = droplet?.metadata.annotations?.[ADOPT_ANNOTATION] !== undefined;
    return !taken.has(name) && droplet?.status?.server?.id === undefined && !isToTakeOver;
  });
  const gap =
    missing.length === 0
      ? []
      : [
          `${missing.join(', ')}: there is no server to take over; the operator creates ${missing.length === 1 ? 'one' : 'them'} once no server of ${metadata.name} is left without an object`,
        ];
  return [...adoptions.flatMap(adoption => serverNotes(adoption, spec)), ...gap];
}

/** What will be done to a server that was taken over, as to any other. */
export function serverNotes({ name, role, server }: Adoption, spec: ProjectSpec): string[] {
  const wanted = role === 'master' ? spec.masterSpec : spec.webSpec;
  return [
    ...(wanted === server.size
      ? []
      : [
          `${name} has the size ${server.size} and is to have ${wanted}: it is resized when all servers of its project are Ready, one at a time`,
        ]),
    ...(server.status === 'off' ? [`${name} is off: it is powered on`] : []),
    ...(server.status === 'archive' ? [`${name} is archived: restore it at DigitalOcean`] : []),
  ];
}

/** The names of other fleets that have servers among these, with how many. */
export function fleetsAmong(servers: readonly Pick<Candidate, 'tags'>[], own: string): Map<string, number> {
  const names = servers.flatMap(({ tags }) =>
    tags.flatMap(tag => /^dropfleet:([^:]+)$/.exec(tag.toLowerCase())?.[1] ?? []),
  );
  const groups = Map.groupBy(
    names.filter(name => name !== own),
    name => name,
  );
  return new Map([...groups].map(([name, all]) => [name, all.length]));
}

/** The key of a Project. */
export const projectKey = ({ namespace, project }: Adoption): ObjectKey => `${namespace}/${project}`;
