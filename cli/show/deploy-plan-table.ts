import type { Droplet } from '../../crds/droplet.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { DeployStep } from '../../reconcilers/versions/deploy-plan.ts';
import { imageOf } from '../../reconcilers/versions/release-plan.ts';
import { alignColumns } from './columns.ts';

/** What a deploy would do with one service. */
export interface PlannedService {
  service: string;
  change: DeployStep['do'];
  version: string;
  /** How its image comes about: its id, its name, or the containerfile that is built. */
  image: { id: string } | { published: string } | { build: string; context: string };
  /** The droplets on which a container of it is started. */
  start: string[];
  /** The version whose containers are stopped afterwards; null when none runs. */
  stop: string | null;
  /** The path on the load balancer; null for what takes no requests. */
  route: string | null;
}

/** Where things run. */
export interface PlanPlace {
  master: Droplet;
  workplaces: readonly Droplet[];
  /** The project's, of all environments. */
  services: readonly ServiceDeployment[];
}

/** What those steps come to. */
export function plannedServices(
  steps: readonly DeployStep[],
  { master, workplaces, services }: PlanPlace,
): PlannedService[] {
  return steps.map(({ do: change, name, wanted }) => {
    const { project, environment, service, type, version = '' } = wanted;
    const runs = services.find(({ metadata }) => metadata.name === name)?.status?.version ?? null;
    const places = type === 'infra' ? [master] : workplaces;
    return {
      service,
      change,
      version,
      image: imageFor(wanted, imageOf(services, project, service, version)),
      start: change === 'nothing' && runs === version ? [] : places.map(({ metadata }) => metadata.name),
      stop: change === 'nothing' && runs === version ? null : runs,
      route: type === 'web' ? `/${project}/${environment}/${service}/` : null,
    };
  });
}

function imageFor({ image, build }: DeployStep['wanted'], id: string | undefined): PlannedService['image'] {
  if (image !== undefined) return { published: image };
  if (id !== undefined) return { id };
  return { build: build?.containerfile ?? 'Dockerfile', context: build?.context ?? '.' };
}

/** The same for a person. */
export function deployPlanTable(services: readonly PlannedService[]): string[] {
  const rows = services.map(({ service, version, image, start, stop, route }) => [
    service,
    version,
    describeImage(image),
    start.join(', ') || '-',
    stop ?? '-',
    route ?? '-',
  ]);
  return alignColumns([['SERVICE', 'VERSION', 'IMAGE', 'START ON', 'STOP', 'ROUTE'], ...rows]);
}

function describeImage(image: PlannedService['image']): string {
  if ('published' in image) return `pull ${image.published}`;
  if ('id' in image) return `keep ${shortId(image.id)}`;
  return `build ${image.build} in ${image.context}`;
}

/** As docker shows it. */
export const shortId = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12);
