import { fleetTag, uidOf } from '../../crds/cloud-tags.ts';
import { keyOf } from '../../crds/meta.ts';
import { count } from '../gate/effect.ts';
import { isFromCsv } from '../projects-csv/plan.ts';
import { placeNamed } from './place-plan.ts';
import {
  claimProblem,
  dropletOf,
  fleetsAmong,
  projectProblem,
  serverNotes,
  stepFor,
  type Adoption,
  type AdoptionInput,
  type AdoptionPlan,
  type Candidate,
} from './plan.ts';
import { newProject, projectsNamed, type NewProject } from './project-plan.ts';

export interface OneAdoptionInput extends Omit<AdoptionInput, 'servers'> {
  server: Candidate;
  /** The name of the Droplet that it is to become the server of. */
  as: string;
  /** Whether DigitalOcean has that server; asked of the one that the Droplet's status names. */
  isThere: (id: number) => boolean;
}

/**
 * The same for one server that a person names: one that was made by hand, or whose tags were lost.
 *
 *     the Droplet of that name           | then
 *     -----------------------------------+----------------------------------------------------------------
 *     has another server that is there   | refused
 *     has another server that is gone    | forgets it, and takes this one over
 *     has this one                       | gets its tags put back
 *     has none                           | takes it over
 *     is not there, its place is         | is made
 *     is not there, it would be the next | is made without an owner, so that it stays until the project has
 *                                        |   grown, which then buys nothing
 *     is not there, and is farther off   | refused
 *
 * @returns a sentence when it cannot be.
 */
export function planOneAdoption(input: OneAdoptionInput): AdoptionPlan | string {
  const { server, as } = input;
  const place = placeNamed(as);
  if (place === undefined) return `${as} is no name of a droplet, such as shop-master or shop-web2`;
  const existing = projectsNamed(input, place.project);
  if (existing.length > 1)
    return `there are Projects ${existing.map(keyOf).join(' and ')}, and none in the namespace ${input.namespace}`;
  const isKnown = existing.length > 0 || input.rows.some(({ project }) => project === place.project);
  if (!isKnown)
    return `there is no Project ${place.project}: add its row to projects.csv, or apply the Project, with as many servers as it has now`;
  const project = existing[0] ?? newProject(input, place.project, [{ server, place }]);
  const adoption: Adoption = { ...place, server, namespace: project.metadata.namespace ?? input.namespace };
  const droplet = dropletOf(input, adoption);
  const forgets = droplet?.status?.server?.id !== undefined && !input.isThere(droplet.status.server.id);
  const claimed = forgets && droplet ? { ...droplet, status: {} } : droplet;
  const { servers } = project.spec;
  const problem =
    (existing[0] && projectProblem(existing[0])) ??
    ownerProblem(input) ??
    claimProblem(adoption, claimed) ??
    (place.number > servers
      ? `${place.project} has ${count(servers, 'server')}: the next one is ${place.project}-web${servers}`
      : undefined);
  if (problem !== undefined) return problem;
  const isNext = place.number === servers;
  return {
    adoptions: [adoption],
    leftAlone: [],
    steps: [
      ...(existing.length > 0 ? [] : [{ type: 'create-project' as const, project: project as NewProject }]),
      stepFor(adoption, droplet, !isNext),
    ],
    notes: [...serverNotes(adoption, project.spec), ...(isNext ? [howToGrow(adoption, project)] : [])],
  };
}

/** Whose it is already, if anybody's but the one's that asks. */
function ownerProblem({ droplets, fleet, server, as }: OneAdoptionInput): string | undefined {
  const owner = droplets.find(({ metadata }) => metadata.uid === uidOf(server.tags));
  if (owner !== undefined && owner.metadata.name !== as)
    return `droplet ${server.id} is the server of the Droplet ${keyOf(owner)}`;
  if (owner !== undefined && owner.status?.server?.id === server.id && server.tags.includes(fleetTag(fleet)))
    return `droplet ${server.id} is the server of ${as} already`;
  const [other] = fleetsAmong([server], fleet).keys();
  if (other === undefined || server.tags.includes(fleetTag(fleet))) return undefined;
  return `droplet ${server.id} belongs to the fleet ${other}: take its tags off at DigitalOcean if that fleet is gone, or take that whole fleet over by "dropfleet adopt --fleet ${other}"`;
}

/** The Droplet is there before its place is, so that nothing is bought for the place. */
function howToGrow(
  { namespace, project, number, name }: Adoption,
  existing: Parameters<typeof isFromCsv>[0] | NewProject,
): string {
  const servers = number + 1;
  const how = isFromCsv(existing as Parameters<typeof isFromCsv>[0])
    ? `dropfleet scale ${project} ${servers}`
    : `kubectl -n ${namespace} scale project ${project} --replicas=${servers}`;
  return `${project} has ${count(number, 'server')} so far: once ${name} has its server, "${how}" makes it the project's, and buys nothing`;
}
