import { DROPLETS, PROJECTS, SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import { didYouMean } from '../../config/near-match.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { holderAmong } from '../../reconcilers/read-model/project-names.ts';
import { CommandFailure } from '../failure.ts';
import { commandLine, type GlobalOptions } from '../options.ts';
import type { KubernetesWorld } from './world.ts';

/** Where a project's services run, and what there is of them. */
export interface DeployTarget {
  /** Of the Project and all that it has. */
  namespace: string;
  master: Droplet;
  /** Where webs and workers run. */
  workplaces: Droplet[];
  /** The project's, of all environments. */
  services: ServiceDeployment[];
}

type Reading = Pick<KubernetesWorld, 'kubernetes'>;

/** The project's servers and services; fails when it is not there, or has no server to deploy to. */
export async function findDeployTarget(
  { kubernetes }: Reading,
  name: string,
  options: GlobalOptions,
): Promise<DeployTarget> {
  const { items: projects } = await kubernetes.list(PROJECTS);
  const project = holderAmong(projects.filter(({ metadata }) => metadata.name === name));
  const orchestrate = commandLine(options, 'orchestrate');
  if (project === undefined) {
    const near = didYouMean(
      name,
      projects.map(({ metadata }) => metadata.name),
    );
    throw new CommandFailure(`project ${name} has no servers yet${near || `: "${orchestrate}" makes them`}`);
  }
  const { namespace = 'default', deletionTimestamp } = project.metadata;
  if (deletionTimestamp !== undefined) throw new CommandFailure(`project ${name} is being deleted`);
  if (project.spec.suspend)
    throw new CommandFailure(`project ${name} is suspended: nothing is changed until spec.suspend is false`);
  const { items } = await kubernetes.list(DROPLETS, { namespace });
  const droplets = items.filter(isActiveOf(name));
  const master = droplets.find(({ spec }) => spec.role === 'master');
  if (master === undefined)
    throw new CommandFailure(
      `the master of project ${name} is not running yet: "${orchestrate}" waits for it`,
    );
  const webs = droplets.filter(({ spec }) => spec.role === 'web');
  const services = await findServices({ kubernetes }, name);
  return { namespace, master, workplaces: webs.length > 0 ? webs : [master], services };
}

/** The project's ServiceDeployments, of all environments. */
export async function findServices({ kubernetes }: Reading, project: string): Promise<ServiceDeployment[]> {
  const { items } = await kubernetes.list(SERVICE_DEPLOYMENTS);
  return items.filter(({ spec }) => spec.project === project);
}

const isActiveOf =
  (project: string) =>
  ({ metadata, spec, status }: Droplet): boolean =>
    spec.project === project &&
    metadata.deletionTimestamp === undefined &&
    status?.phase === 'Active' &&
    status.server?.publicAddress !== undefined;
