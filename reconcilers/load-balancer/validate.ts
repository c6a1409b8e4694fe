import type { BalancedService } from '../read-model/balancing.ts';

const NAME = /^[a-z]([-a-z0-9]{0,48}[a-z0-9])?$/;
const ENVIRONMENTS: readonly string[] = ['prod', 'uat', 'test'];
const LABEL = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?';
const DOMAIN = new RegExp(`^(?=.{1,253}$)(?:${LABEL}\\.)+${LABEL}$`);
/** What may stand in a URI and means nothing to nginx's own parser. */
const HEALTH_PATH = /^\/(?:[A-Za-z0-9._~/?&=+,:@!*-]|%[0-9A-Fa-f]{2}){0,1000}$/;
const ADDRESS = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3}):(\d{1,5})$/;

/**
 * Why the service has no place in a path of the load balancer; undefined when it has one. The API server checks
 * most of this too; it is checked again because a value that gets by could change the routes of all others.
 */
export function whyNoRoute({ name, project, environment, service }: BalancedService): string | undefined {
  if (![project, service].every(part => NAME.test(part)) || !ENVIRONMENTS.includes(environment))
    return 'its project, environment or service name is not valid in a path';
  const wanted = `${project}-${environment}-${service}`;
  return name === wanted ? undefined : `it must be called ${wanted}, so that nothing else has its route`;
}

/** What is wrong with the service's settings, in words for a person; undefined when they can be used. */
export function whyUnusable({ healthPath, domains, servers }: BalancedService): string | undefined {
  const domain = domains.find(one => !DOMAIN.test(one));
  if (domain !== undefined) return `${JSON.stringify(domain)} in spec.domains is not a host name`;
  if (!HEALTH_PATH.test(healthPath))
    return `spec.healthCheck.path ${JSON.stringify(healthPath)} is not a plain path; percent-encode what is special`;
  const server = servers.find(({ address }) => !isAddress(address));
  return server && `${JSON.stringify(server.address)} in status.endpoints is not an IPv4 address with a port`;
}

function isAddress(address: string): boolean {
  const [, ...parts] = ADDRESS.exec(address) ?? [];
  const [port, ...bytes] = parts.map(Number).toReversed();
  return port !== undefined && port >= 1 && port <= 65535 && bytes.every(byte => byte <= 255);
}
