import { DROPLETS, PROJECTS, SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import { ENVIRONMENTS } from '../../config/deployment-file.ts';
import { didYouMean } from '../../config/near-match.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Project } from '../../crds/project.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { holderAmong } from '../../reconcilers/read-model/project-names.ts';
import { CommandFailure } from '../failure.ts';
import type { KubernetesWorld } from './world.ts';

/** An environment of a project, as a person named it. */
export interface Named {
  project: string;
  environment: string;
}

/** What there is in an environment of a project, and around it. */
export interface EnvironmentServices {
  project: Project | undefined;
  /** The project's. */
  droplets: Droplet[];
  /** Of that environment. */
  services: ServiceDeployment[];
  /** Of all environments. */
  all: ServiceDeployment[];
}

/** The services of an environment; fails, with what may be meant, when there are none. */
export async function findEnvironment(
  { kubernetes }: Pick<KubernetesWorld, 'kubernetes'>,
  { project: name, environment }: Named,
): Promise<EnvironmentServices> {
  const [projects, droplets, services] = await Promise.all([
    kubernetes.list(PROJECTS),
    kubernetes.list(DROPLETS),
    kubernetes.list(SERVICE_DEPLOYMENTS),
  ]);
  const project = holderAmong(projects.items.filter(({ metadata }) => metadata.name === name));
  const all = services.items.filter(
    ({ metadata, spec }) =>
      spec.project === name && (project === undefined || metadata.namespace === project.metadata.namespace),
  );
  if (project === undefined && all.length === 0)
    throw unknown(
      `there is no project ${name}`,
      name,
      projects.items.map(({ metadata }) => metadata.name),
    );
  if (!ENVIRONMENTS.some(each => each === environment))
    throw unknown(`there is no environment ${environment}`, environment, ENVIRONMENTS);
  const own = all.filter(({ spec }) => spec.environment === environment);
  if (own.length === 0) throw nothingIn(name, environment, all);
  const { namespace } = own[0]!.metadata;
  return {
    project,
    droplets: droplets.items.filter(
      ({ metadata, spec }) => spec.project === name && metadata.namespace === namespace,
    ),
    services: own,
    all,
  };
}

/** That service of the environment; fails, with what may be meant, when it has no such. */
export function serviceCalled(
  name: string,
  { project, environment }: Named,
  services: readonly ServiceDeployment[],
): ServiceDeployment {
  // Files may call it with underscores.
  const found = services.find(({ spec }) => spec.service === name.replaceAll('_', '-'));
  if (found !== undefined) return found;
  throw unknown(
    `${environment} of ${project} has no service ${name}`,
    name,
    services.map(({ spec }) => spec.service),
  );
}

function nothingIn(project: string, environment: string, all: readonly ServiceDeployment[]): CommandFailure {
  const others = [...new Set(all.map(({ spec }) => spec.environment))];
  const where = others.length > 0 ? `; it has services in ${others.join(', ')}` : '';
  return new CommandFailure(
    `project ${project} has no services in ${environment}${where}: they come with its first deploy`,
  );
}

/** What is wrong, with the near match, or else with all that there are. */
function unknown(what: string, word: string, known: readonly string[]): CommandFailure {
  const all = [...new Set(known)].toSorted();
  const list = all.length > 0 ? `; there are ${all.join(', ')}` : ': "dropfleet status" shows all there is';
  return new CommandFailure(`${what}${didYouMean(word, all) || list}`);
}
