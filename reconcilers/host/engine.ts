import type { Droplet } from '../../crds/droplet.ts';
import type { ObjectKey } from '../../crds/meta.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { projectKeyOf, SERVICES_BY_PROJECT, type Context, type Hosts } from '../context.ts';
import type { DesiredHost, Engine } from './desired.ts';

/** What the host of a Droplet is to be. */
export function desiredHostOf(
  context: Pick<Context, 'projects' | 'services'>,
  hosts: Pick<Hosts, 'engine'>,
  droplet: Droplet,
): DesiredHost {
  const { role } = droplet.spec;
  const project = projectKeyOf(droplet);
  const hasWebs = (context.projects.get(project)?.spec.servers ?? 1) > 1;
  return { role, engine: engineFor(context, hosts, project), hasRegistry: role === 'master' && hasWebs };
}

/**
 * What runs the containers on the hosts of a project: what its services ask for. A host has one engine: where they ask
 * for none, or for several, it is the operator's.
 */
export function engineFor(
  { services }: Pick<Context, 'services'>,
  { engine }: Pick<Hosts, 'engine'>,
  project: ObjectKey,
): Engine {
  return engineAskedBy(services.byIndex(SERVICES_BY_PROJECT, project)) ?? engine;
}

/** The one engine that a project's services ask for; undefined when it is none or several. */
export function engineAskedBy(services: readonly ServiceDeployment[]): Engine | undefined {
  const platforms = services.map(({ spec }) => spec.platform);
  const [asked, ...others] = new Set(platforms.filter(isEngine));
  return others.length > 0 ? undefined : asked;
}

const isEngine = (platform: string | undefined): platform is Engine =>
  platform === 'docker' || platform === 'podman';
