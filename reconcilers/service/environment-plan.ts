import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { isReachable, portFor } from './port-plan.ts';

/** A value that shows itself only when asked, as config's SecretText. */
interface Hidden {
  reveal(): string;
}

/** A variable of a container: its name and its value. */
export type Variable = readonly [name: string, value: string | Hidden];

/** What a container's environment is made from. */
export interface EnvironmentParts {
  service: ServiceDeployment;
  /** The project's services, of every environment; the service itself may be among them. */
  others: readonly ServiceDeployment[];
  /** The master's private address. */
  masterAddress: string;
  /** By the names that they have in the container. */
  secrets: readonly (readonly [name: string, value: Hidden])[];
  /** Undefined for an infra service, whose image has no version of ours. */
  version: string | undefined;
  /** The port that the program is to listen on; undefined for a worker. */
  containerPort: number | undefined;
}

/**
 * What a container gets as its environment, by name. Of what has the same name the later wins:
 *
 *     PORT, <SERVICE>_HOST and <SERVICE>_PORT of the others, its secrets, its own variables, DROPFLEET_*
 */
export function environmentFor(parts: EnvironmentParts): Variable[] {
  const { service, secrets, version, containerPort } = parts;
  const { project, environment, service: name, variables = {} } = service.spec;
  const all = new Map<string, string | Hidden>([
    ...(containerPort === undefined ? [] : ([['PORT', String(containerPort)]] as const)),
    ...discovered(parts),
    ...secrets,
    ...Object.entries<string>(variables),
    ['DROPFLEET_PROJECT', project],
    ['DROPFLEET_ENVIRONMENT', environment],
    ['DROPFLEET_SERVICE', name],
    ...(version === undefined ? [] : ([['DROPFLEET_VERSION', version]] as const)),
  ]);
  return [...all].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** How it reaches the others, whether they run yet or not: a container does not change when another one starts. */
function discovered({ service, others, masterAddress }: EnvironmentParts): [string, string][] {
  return reachableFrom(service, others).flatMap((other): [string, string][] => {
    const port = portFor(other, [service, ...others]);
    if (port === undefined) return [];
    const prefix = other.spec.service.toUpperCase().replaceAll('-', '_');
    return [
      [`${prefix}_HOST`, masterAddress],
      [`${prefix}_PORT`, String(port)],
    ];
  });
}

/**
 * The services that a service is told of: the webs and infra of its own environment, and those infra services of prod
 * that are shared, in place of one of the same name that is shared as well or is not there.
 *
 * @param others the project's.
 */
export function reachableFrom(
  { metadata, spec }: ServiceDeployment,
  others: readonly ServiceDeployment[],
): ServiceDeployment[] {
  const inProject = others.filter(
    other =>
      other.metadata.name !== metadata.name &&
      other.metadata.namespace === metadata.namespace &&
      other.spec.project === spec.project &&
      isReachable(other),
  );
  const shared = inProject.filter(
    other => other.spec.environment === 'prod' && other.spec.type === 'infra' && other.spec.shared,
  );
  const standsIn = new Map(shared.map(other => [other.spec.service, other]));
  const own = inProject.filter(other => other.spec.environment === spec.environment);
  const kept = own.filter(other => !(other.spec.shared && standsIn.has(other.spec.service)));
  const names = new Set(kept.map(other => other.spec.service));
  // A service does not reach itself under prod's name.
  return [
    ...kept,
    ...shared.filter(({ spec: { service } }) => !names.has(service) && service !== spec.service),
  ];
}
