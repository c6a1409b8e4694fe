import { findCondition } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type Condition } from '../../crds/meta.ts';
import { masterName } from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';
import type { ServiceDeployment, ServiceDeploymentSpec } from '../../crds/service-deployment.ts';
import { balancingOf, type BalancedServer } from './balancing.ts';
import { addressOfMaster } from './master-address.ts';
import { whyStuck } from './service-state.ts';

/** One service as `services` and `status` show it: what runs, where it answers, and how it is. */
export interface ServiceSummary extends Pick<
  ServiceDeploymentSpec,
  'project' | 'environment' | 'service' | 'type'
> {
  namespace: string;
  /** The ServiceDeployment's. */
  name: string;
  /** The version that runs. */
  version?: string;
  /** The version that should run, where that is another. */
  wanted?: string;
  /** The id of the image that runs. */
  image?: string;
  /** Something of it should run. */
  isDeployed: boolean;
  ready: boolean;
  /** Not Ready, and nothing moves before a person acts. */
  stuck: boolean;
  /** What the Ready condition says. */
  reason: string;
  message: string;
  conditions: Pick<Condition, 'type' | 'status' | 'reason' | 'message'>[];
  /** The release that was wanted and failed, when what ran before goes on. */
  rejected?: NonNullable<NonNullable<ServiceDeployment['status']>['rejected']>;
  /** Where visitors reach it. */
  urls: string[];
  /** Where the project's other services reach it: an address and port. */
  privateAddress?: string;
  /** Where it answers, and for a web whether the load balancer sends requests there. */
  servers: (Pick<BalancedServer, 'droplet' | 'address'> & Partial<BalancedServer>)[];
}

/**
 * All services, by project, environment and name: the one answer to what runs where.
 *
 * What the original asked its state file is a part of it: `get_project_services` are those of a `project`,
 * `get_services_on_droplet` those with that droplet among their `servers`, and `get_load_balancer_targets` the
 * addresses of a web's `servers` whose `state` is `in`.
 *
 * @param droplets the fleet's.
 * @param projects the fleet's, whose reserved IPs lead to their masters.
 */
export function summarizeServices(
  services: readonly ServiceDeployment[],
  droplets: readonly Droplet[],
  projects: readonly Project[] = [],
): ServiceSummary[] {
  const byKey = new Map(projects.map(project => [keyOf(project), project]));
  const dropletsByProject = Map.groupBy(droplets, projectKeyOf);
  const groups = [...Map.groupBy(services, projectKeyOf)].toSorted(([a], [b]) => compare(a, b));
  return groups.flatMap(([key, own]) =>
    summarizeProject(own, dropletsByProject.get(key) ?? [], byKey.get(key)),
  );
}

const projectKeyOf = ({ metadata, spec }: Droplet | ServiceDeployment): string =>
  `${metadata.namespace}/${spec.project}`;

/** @param services of one project, as are the droplets. */
function summarizeProject(
  services: readonly ServiceDeployment[],
  droplets: readonly Droplet[],
  owner: Project | undefined,
): ServiceSummary[] {
  const { project } = services[0]!.spec;
  const master = droplets.find(({ metadata }) => metadata.name === masterName(project));
  const balanced = new Map(
    balancingOf(project, droplets, services).services.map(service => [service.name, service]),
  );
  return services.toSorted(byEnvironmentAndName).map(service => {
    const { name } = service.metadata;
    const { domains = [], servers } = balanced.get(name) ?? {};
    return {
      ...summarize(service),
      urls: urlsOf(service, addressOfMaster(owner, master), domains),
      ...privateAddressOf(service, master),
      servers:
        servers ?? (service.status?.endpoints ?? []).map(({ droplet, address }) => ({ droplet, address })),
    };
  });
}

function summarize(deployment: ServiceDeployment) {
  const { metadata, spec, status = {} } = deployment;
  const { project, environment, service, type } = spec;
  const isCurrent = status.observedGeneration === metadata.generation;
  const ready = findCondition(status.conditions, 'Ready');
  const wanted = spec.version !== status.version ? spec.version : undefined;
  const isDeployed = (spec.version ?? spec.image) !== undefined && spec.stopped !== true;
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    project,
    environment,
    service,
    type,
    ...(status.version !== undefined && { version: status.version }),
    ...(wanted !== undefined && { wanted }),
    ...(status.image !== undefined && { image: status.image }),
    isDeployed,
    ready: isCurrent && ready?.status === 'True',
    stuck: isDeployed && whyStuck(deployment) !== undefined,
    ...explain(isDeployed, spec, isCurrent ? ready : undefined),
    conditions: (status.conditions ?? []).map(({ type, status, reason, message }) => {
      return { type, status, reason, message };
    }),
    ...(status.rejected && { rejected: status.rejected }),
  };
}

function explain(
  isDeployed: boolean,
  spec: ServiceDeploymentSpec,
  ready: Condition | undefined,
): Pick<ServiceSummary, 'reason' | 'message'> {
  if (spec.stopped) return { reason: 'Stopped', message: 'stopped' };
  if (!isDeployed) return { reason: 'NotDeployed', message: 'not deployed yet' };
  return { reason: ready?.reason ?? 'Pending', message: ready?.message ?? 'not looked at yet' };
}

/** A domain's requests all go to the service, so that it needs no path. */
function urlsOf(
  { spec: { project, environment, service, type } }: ServiceDeployment,
  address: string | undefined,
  domains: readonly string[],
): string[] {
  if (type !== 'web') return [];
  const own = address === undefined ? [] : [`http://${address}/${project}/${environment}/${service}/`];
  return [...own, ...domains.map(domain => `http://${domain}/`)];
}

function privateAddressOf(
  { spec, status }: ServiceDeployment,
  master: Droplet | undefined,
): Pick<ServiceSummary, 'privateAddress'> {
  const address = master?.status?.server?.privateAddress;
  const isReachable = spec.type !== 'worker' && status?.port !== undefined && address !== undefined;
  return isReachable ? { privateAddress: `${address}:${status.port}` } : {};
}

const ENVIRONMENTS: readonly ServiceDeploymentSpec['environment'][] = ['prod', 'uat', 'test'];

const byEnvironmentAndName = ({ spec: a }: ServiceDeployment, { spec: b }: ServiceDeployment): number =>
  ENVIRONMENTS.indexOf(a.environment) - ENVIRONMENTS.indexOf(b.environment) || compare(a.service, b.service);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
