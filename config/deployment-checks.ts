import {
  ENVIRONMENTS,
  serviceNameOf,
  typeOf,
  type DeploymentFile,
  type ServiceFile,
} from './deployment-file.ts';
import type { JsonDocument } from './json-file.ts';
import type { Problem } from './problems.ts';

/** What is wrong with a deployment_config.json that its schema cannot say: what does not go together. */
export function checkDeployment(document: JsonDocument<DeploymentFile>): Problem[] {
  const services = Object.entries(document.value.projects).flatMap(([project, { services }]) =>
    Object.entries(services).map(([written, file]) => ({ project, written, file })),
  );
  return [
    ...findCollisions(services, document),
    ...services.flatMap(service => findRepeatedSecrets(service, document)),
    ...findStrayDomains(document),
  ];
}

interface WrittenService {
  project: string;
  /** Its name as it stands in the file. */
  written: string;
  file: ServiceFile;
}

/**
 * Two services whose objects would have one name: `a_b` and `a-b` of one project; or `shop` with the service
 * `uat-api` in prod, and `shop-prod` with `api` in uat, which both are `shop-prod-uat-api`.
 */
function findCollisions(
  services: readonly WrittenService[],
  document: JsonDocument<DeploymentFile>,
): Problem[] {
  const owners = new Map<string, WrittenService>();
  return services.flatMap(service => {
    const { project, written } = service;
    const names = ENVIRONMENTS.map(environment => `${project}-${environment}-${serviceNameOf(written)}`);
    const taken = names.find(name => owners.has(name));
    for (const name of names) owners.set(name, owners.get(name) ?? service);
    if (taken === undefined) return [];
    const other = owners.get(taken)!;
    const message = `this service, ${written}, and ${other.written} of ${other.project} would both be called ${taken}; rename one`;
    return [document.problemAt(['projects', project, 'services', written], message)];
  });
}

/** Names that the schema takes for two and the environment for one. */
function findRepeatedSecrets(
  { project, written, file: { secrets = [] } }: WrittenService,
  document: JsonDocument<DeploymentFile>,
): Problem[] {
  const names = secrets.map(name => name.toUpperCase());
  return names.flatMap((name, i) => {
    if (names.indexOf(name) === i) return [];
    const path = ['projects', project, 'services', written, 'secrets', i];
    return [document.problemAt(path, `${name} stands in this list already; keep one`)];
  });
}

/** Host names that lead to no web service, or to two. */
function findStrayDomains(document: JsonDocument<DeploymentFile>): Problem[] {
  const owners = new Map<string, string>();
  return Object.entries(document.value.projects).flatMap(([project, { domains = {}, services }]) => {
    const byName = new Map(Object.entries(services).map(([name, file]) => [serviceNameOf(name), file]));
    return Object.entries(domains).flatMap(([environment, names]) =>
      Object.entries(names).flatMap(([domain, service]) => {
        const message = strayMessage(domain, byName.get(serviceNameOf(service)), owners.get(domain));
        owners.set(domain, `${service} of ${project} in ${environment}`);
        if (message === undefined) return [];
        return [document.problemAt(['projects', project, 'domains', environment, domain], message)];
      }),
    );
  });
}

function strayMessage(domain: string, service: ServiceFile | undefined, owner?: string): string | undefined {
  if (owner !== undefined) return `${domain} leads to ${owner} already; keep one`;
  if (service === undefined) return 'there is no such service in this project; name one of its web services';
  const type = typeOf(service);
  return type === 'web' ? undefined : `a ${type} takes no requests; name a web service`;
}
