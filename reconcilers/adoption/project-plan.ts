import { SOURCE_LABEL } from '../../crds/names.ts';
import type { Project, ProjectSpec } from '../../crds/project.ts';
import { DEFAULT_IMAGE, DEFAULT_REGION } from '../project/plan.ts';
import type { DesiredProject } from '../projects-csv/plan.ts';
import type { Place } from './place-plan.ts';

/** A Project that is not there yet. */
export interface NewProject {
  metadata: { name: string; namespace: string; labels?: Record<string, string> };
  spec: ProjectSpec;
}

interface Member {
  server: { size: string; region: string; image: string };
  place: Place;
}

/** The Projects of that name: that of the namespace where new ones come to be, or else all. */
export function projectsNamed(
  { projects, namespace }: { projects: readonly Project[]; namespace: string },
  name: string,
): Project[] {
  const all = projects.filter(({ metadata }) => metadata.name === name);
  const here = all.filter(({ metadata }) => metadata.namespace === namespace);
  return here.length > 0 ? here : all;
}

/**
 * The Project that such servers were made for: as its row says, else as they are. Region and image stand in no row:
 * they are those of most servers, so that the next one comes to be beside them.
 */
export function newProject(
  { namespace, rows }: { namespace: string; rows: readonly DesiredProject[] },
  name: string,
  members: readonly Member[],
): NewProject {
  const row = rows.find(({ project }) => project === name);
  const region = mostCommon(members.map(({ server }) => server.region));
  const image = mostCommon(members.map(({ server }) => server.image));
  return {
    metadata: { name, namespace, ...(row && { labels: { [SOURCE_LABEL]: 'csv' } }) },
    spec: {
      ...(row ? specOfRow(row) : specOfServers(members)),
      ...(region !== undefined && region !== DEFAULT_REGION && { region }),
      ...(image !== undefined && image !== DEFAULT_IMAGE && { image }),
    },
  };
}

type RowSpec = Pick<ProjectSpec, 'servers' | 'masterSpec' | 'webSpec'>;

const specOfRow = ({ servers, masterSpec, webSpec }: DesiredProject): RowSpec => ({
  servers,
  masterSpec,
  webSpec,
});

function specOfServers(members: readonly Member[]): RowSpec {
  const sizesOf = (role: Place['role']): string[] =>
    members.filter(({ place }) => place.role === role).map(({ server }) => server.size);
  const [master, web] = [mostCommon(sizesOf('master')), mostCommon(sizesOf('web'))];
  return {
    servers: Math.max(...members.map(({ place }) => place.number)) + 1,
    masterSpec: (master ?? web)!,
    webSpec: (web ?? master)!,
  };
}

/** The first of those that stand most often. */
function mostCommon(values: readonly string[]): string | undefined {
  const groups = [...Map.groupBy(values, value => value)];
  return groups.toSorted(([, a], [, b]) => b.length - a.length)[0]?.[0];
}
