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
 * What runs the containers on the hosts of a project: what its services ask for. A host has one engine; where they ask
 * for none it is the operator's.
 */
export function engineFor(
  { services }: Pick<Context, 'services'>,
  { engine }: Pick<Hosts, 'engine'>,
  project: ObjectKey,
): Engine {
  return engineAskedBy(services.byIndex(SERVICES_BY_PROJECT, project)) ?? engine;
}

/**
 * The engine that most of a project's services ask for, and of as many the oldest: one that asks for another does not
 * take theirs away. Undefined when they ask for none.
 */
export function engineAskedBy(services: readonly ServiceDeployment[]): Engine | undefined {
  const asking = services.filter(({ spec }) => isEngine(spec.platform)).toSorted(oldestFirst);
  const byEngine = Map.groupBy(asking, ({ spec }) => spec.platform as Engine);
  const [most] = [...byEngine].toSorted(([, a], [, b]) => b.length - a.length);
  return most?.[0];
}

/** Why a service cannot run beside the others of its project; undefined when it can. */
export function platformConflict(
  { spec }: ServiceDeployment,
  services: readonly ServiceDeployment[],
): string | undefined {
  const engine = engineAskedBy(services);
  if (!isEngine(spec.platform) || engine === undefined || spec.platform === engine) return undefined;
  const other = services.find(one => one.spec.platform === engine)!;
  return (
    `it asks for ${spec.platform}, and ${other.metadata.name} for ${engine}: a host has one engine; ` +
    `say the same deployment_platform for all services of ${spec.project} in deployment_config.json, ` +
    `or the same spec.platform where they come from elsewhere`
  );
}

const oldestFirst = ({ metadata: a }: ServiceDeployment, { metadata: b }: ServiceDeployment): number => {
  const [one, two] = [a, b].map(({ creationTimestamp = '', name }) => `${creationTimestamp} ${name}`);
  return one! < two! ? -1 : 1;
};

const isEngine = (platform: string | undefined): platform is Engine =>
  platform === 'docker' || platform === 'podman';
