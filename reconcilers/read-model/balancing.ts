import { findCondition, isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { masterName } from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';
import type { ServiceDeployment, ServiceDeploymentSpec } from '../../crds/service-deployment.ts';

/** Who balances what in one project: what its master's nginx is made from, and what /lb-status shows. */
export interface Balancing {
  project: string;
  /** The web services, by environment and name. */
  services: BalancedService[];
}

/** One service that gets a route. */
export interface BalancedService {
  /** The ServiceDeployment's. */
  name: string;
  project: string;
  environment: ServiceDeploymentSpec['environment'];
  service: string;
  /** The version that runs. */
  version?: string;
  /** The port under which the project's other services reach it on the master. */
  port?: number;
  /** The path that says whether the service is healthy. */
  healthPath: string;
  /** The largest body of a request, in units of 1,048,576 bytes, where it is not the usual one. */
  maxBodyMegabytes?: number;
  /** How long it may be silent over a request, where that is not the usual time. */
  readTimeoutSeconds?: number;
  /** Host names that lead to this service alone. */
  domains: string[];
  /** Host names that it asks for and that lead to another service, by its name. */
  takenDomains: { domain: string; by: string }[];
  /** By droplet. */
  servers: BalancedServer[];
}

/** One place where the service answers. */
export interface BalancedServer {
  droplet: string;
  /** Private address and port. */
  address: string;
  /** Only `in` gets requests. */
  state: 'in' | 'out';
  /** Why it is out, or is in although it is not healthy. */
  reason?: string;
}

/**
 * Whether the master balances, as far as dropfleet has a say in it: it is there, is to stay, and was configured. Later
 * errors in its configuration are no reason to leave the routes as they are.
 *
 * @param project the master's; undefined when there is none.
 */
export function isBalancer({ metadata, spec, status }: Droplet, project: Project | undefined): boolean {
  if (spec.role !== 'master' || metadata.deletionTimestamp !== undefined) return false;
  if (project?.spec.suspend || project?.metadata.deletionTimestamp !== undefined) return false;
  const isConfigured = isConditionTrue(status?.conditions, 'Configured');
  const wasConfigured = findCondition(status?.conditions, 'LoadBalancerReady') !== undefined;
  return isConditionTrue(status?.conditions, 'Provisioned') && (isConfigured || wasConfigured);
}

/**
 * What the load balancer of a project has to do.
 *
 * @param droplets the project's.
 * @param services the project's.
 * @param isDamped whether a healthy droplet must stay out a little longer, because its health flaps.
 * @param isMoving whether services are on their way from the webs, which go, to the master.
 */
export function balancingOf(
  project: string,
  droplets: readonly Droplet[],
  services: readonly ServiceDeployment[],
  isDamped: (droplet: Droplet) => boolean = () => false,
  isMoving = false,
): Balancing {
  const byName = new Map(droplets.map(droplet => [droplet.metadata.name, droplet]));
  const routed = services.filter(({ spec }) => spec.project === project && spec.type === 'web');
  const claimed = new Map<string, string>();
  return {
    project,
    services: routed.toSorted(byEnvironmentAndName).map(({ metadata, spec, status }) => ({
      name: metadata.name,
      project,
      environment: spec.environment,
      service: spec.service,
      ...(status?.version !== undefined && { version: status.version }),
      ...(status?.port !== undefined && { port: status.port }),
      healthPath: spec.healthCheck?.path ?? '/health',
      ...(spec.maxBodyMegabytes !== undefined && { maxBodyMegabytes: spec.maxBodyMegabytes }),
      ...(spec.readTimeoutSeconds !== undefined && { readTimeoutSeconds: spec.readTimeoutSeconds }),
      ...claim(claimed, metadata.name, spec.domains ?? []),
      servers: serversOf(status?.endpoints ?? [], byName, isDamped, isMoving),
    })),
  };
}

/** A host name leads to one service: the first that asks for it. */
function claim(
  claimed: Map<string, string>,
  service: string,
  wanted: readonly string[],
): Pick<BalancedService, 'domains' | 'takenDomains'> {
  const sorted = [...new Set(wanted)].toSorted();
  const takenDomains = sorted.flatMap(domain => {
    const by = claimed.get(domain);
    return by === undefined ? [] : [{ domain, by }];
  });
  const domains = sorted.filter(domain => !claimed.has(domain));
  for (const domain of domains) claimed.set(domain, service);
  return { domains, takenDomains };
}

type Endpoint = NonNullable<NonNullable<ServiceDeployment['status']>['endpoints']>[number];

/**
 *     the droplet                                | its server
 *     -------------------------------------------+----------------------------------
 *     is not there, or is being destroyed        | out
 *     does not run, or is to be stopped          | out
 *     is to go, and its services to the master   | out, unless that goes for all that are left
 *     has another private address by now         | out: it may be somebody else's
 *     is not Healthy                             | out, unless that goes for all that are left
 *     cannot be reached by its master, or was    | out, while any is left of which neither this nor that
 *       out a moment ago                         |   is so
 *     anything else                              | in
 *
 * When health speaks against all that are left it is the check that is doubted: whoever can answer may.
 */
function serversOf(
  endpoints: readonly Endpoint[],
  droplets: ReadonlyMap<string, Droplet>,
  isDamped: (droplet: Droplet) => boolean,
  isMoving: boolean,
): BalancedServer[] {
  const judged = endpoints
    .toSorted((a, b) => compare(`${a.droplet} ${a.address}`, `${b.droplet} ${b.address}`))
    .map(endpoint => {
      const droplet = droplets.get(endpoint.droplet);
      const gone = whyGone(endpoint, droplet);
      return {
        endpoint,
        gone,
        mayStay: isMoving && mayStay(endpoint, droplet),
        doubt: gone === undefined ? doubtOf(droplet!, isDamped) : Infinity,
      };
    });
  const least = Math.min(...judged.map(({ doubt }) => doubt));
  return judged.map(({ endpoint, gone, mayStay, doubt }) => {
    if (mayStay && least === Infinity) return { ...endpoint, state: 'in' };
    // One reason for whatever doubt, again.
    const reason = gone ?? (doubt > 0 ? 'droplet unhealthy, or was a moment ago' : undefined);
    const isOut = gone !== undefined || doubt > least;
    return { ...endpoint, state: isOut ? 'out' : 'in', ...(reason !== undefined && { reason }) };
  });
}

/** One that is destroyed as soon as nobody needs it any more still answers. */
const mayStay = ({ address }: Endpoint, droplet: Droplet | undefined): boolean =>
  droplet?.metadata.deletionTimestamp !== undefined &&
  droplet.status?.phase === 'Draining' &&
  droplet.status.server?.privateAddress === address.slice(0, address.lastIndexOf(':'));

function whyGone({ address }: Endpoint, droplet: Droplet | undefined): string | undefined {
  // One reason for all of these: other words would be another configuration, and cost a reload at each step of the way.
  // A deletion alone is not enough: it may be held, and the server goes on until a person has confirmed it.
  const { phase, server: { privateAddress } = {} } = droplet?.status ?? {};
  if (droplet === undefined || phase !== 'Active') return 'droplet not running, or stopping';
  if (privateAddress !== address.slice(0, address.lastIndexOf(':')))
    return `the droplet's private address is ${privateAddress ?? 'not known'}`;
  return undefined;
}

/** How much speaks against sending it requests: nothing, its master's word or its past, the word of a quorum. */
function doubtOf(droplet: Droplet, isDamped: (droplet: Droplet) => boolean): 0 | 1 | 2 {
  if (findCondition(droplet.status?.conditions, 'Healthy')?.status === 'False') return 2;
  return isReachable(droplet) && !isDamped(droplet) ? 0 : 1;
}

/** Whether the master can reach it, as far as its observers say. */
export const isReachable = ({ spec, status }: Droplet): boolean =>
  status?.suspectedBy?.includes(masterName(spec.project)) !== true;

const byEnvironmentAndName = (a: ServiceDeployment, b: ServiceDeployment): number =>
  compare(`${a.spec.environment} ${a.spec.service}`, `${b.spec.environment} ${b.spec.service}`);

/** By code unit: the same everywhere, whatever the locale. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
