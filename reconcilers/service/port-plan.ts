import type { ServiceDeployment, ServiceDeploymentSpec } from '../../crds/service-deployment.ts';

/** A type's ports are so many, from its base up. */
const RANGE = 1_000;
const BASES = { infra: 7_000, backend: 8_000, frontend: 9_000 } as const;

/**
 * The host ports of a web's containers: its own plus one of these, so that three releases can run side by side: a new
 * one, the one that it replaces, and where that was not proven yet, the last one that was.
 */
const HOST_PORT_OFFSETS = [10_000, 12_000, 14_000] as const;

/** Words in the names of webs that people look at, and of those that programs talk to. */
const FRONTEND =
  /^(admin|app|client|console|dashboard|front|frontend|landing|page|pages|portal|shop|site|spa|storefront|ui|web|webapp|website|www)$/;
const BACKEND = /^(api|backend|graphql|grpc|rpc|server)$/;

/**
 * The port of a service on its master's private address: the one in its status, else the first free one from a hash of
 * its name upward, around the end of its type's range. It is the same whoever of several new services asks first.
 * Undefined for a worker, and when no port is free.
 *
 * @param others the project's services, of every environment; the service itself may be among them.
 */
export function portFor(
  service: ServiceDeployment,
  others: readonly ServiceDeployment[],
): number | undefined {
  const all = [service, ...others.filter(other => !isSame(other, service))].filter(isReachable);
  const ports = new Map<number, ServiceDeployment>();
  for (const other of all.filter(hasPort).toSorted(oldestFirst))
    if (!ports.has(other.status.port)) ports.set(other.status.port, other);
  const kept = new Set(ports.values());
  for (const other of all.filter(other => !kept.has(other)).toSorted(oldestFirst)) {
    const port = firstFree(other.spec, ports);
    if (port !== undefined) ports.set(port, other);
    if (other === service) return port;
  }
  return kept.has(service) ? service.status?.port : undefined;
}

/** The host ports on which the containers of a web with that port are published, in turns. */
export const hostPortsOf = (port: number): number[] => HOST_PORT_OFFSETS.map(offset => port + offset);

/** Whether other services can reach it by a port. */
export const isReachable = ({ spec }: ServiceDeployment): boolean => spec.type !== 'worker';

const hasPort = (service: ServiceDeployment): service is ServiceDeployment & { status: { port: number } } =>
  service.status?.port !== undefined;

const isSame = (a: ServiceDeployment, b: ServiceDeployment): boolean =>
  a.metadata.name === b.metadata.name && a.metadata.namespace === b.metadata.namespace;

/**
 * Who came first has the port: with the name alone, a service that is new could take it from one that was given it a
 * moment ago, as long as that is not seen yet.
 */
const oldestFirst = (a: ServiceDeployment, b: ServiceDeployment): number =>
  compare(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
  compare(a.metadata.name, b.metadata.name);

/** By code units, the same wherever it runs. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** From the hash of its name upward, around the end of the range; then in the next range that would do. */
function firstFree(spec: ServiceDeploymentSpec, taken: { has(port: number): boolean }): number | undefined {
  const { project, environment, service } = spec;
  const start = fnv1a(`${project}/${environment}/${service}`) % RANGE;
  for (const base of basesFor(spec))
    for (let i = 0; i < RANGE; i++) {
      const port = base + ((start + i) % RANGE);
      if (!taken.has(port)) return port;
    }
  return undefined;
}

function basesFor({ type, service }: ServiceDeploymentSpec): number[] {
  const { infra, backend, frontend } = BASES;
  if (type === 'infra') return [infra];
  return isFrontend(service) ? [frontend, backend] : [backend, frontend];
}

function isFrontend(service: string): boolean {
  const words = service.split('-');
  return words.some(word => FRONTEND.test(word)) && !words.some(word => BACKEND.test(word));
}

/** The 32 bits of FNV-1a over ASCII. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  return hash >>> 0;
}
