import {
  ENVIRONMENTS,
  serviceNameOf,
  typeOf,
  type DeploymentFile,
  type ServiceFile,
} from './deployment-file.ts';
import { bytesIn, cpusIn, megabytesIn, memoryIn, volumesIn } from './deployment-limits.ts';
import { isOwnName } from './env-names.ts';
import type { JsonDocument } from './json-file.ts';
import type { Problem } from './problems.ts';

/** What is wrong with a deployment_config.json that its schema cannot say: what does not go together. */
export function checkDeployment(document: JsonDocument<DeploymentFile>): Problem[] {
  const services = Object.entries(document.value.projects).flatMap(([project, { services }]) =>
    Object.entries(services).map(([written, file]) => ({ project, written, file })),
  );
  return [
    ...findCollisions(services, document),
    ...services.flatMap(service => [
      ...findRepeatedSecrets(service, document),
      ...findOwnNames(service, document),
      ...findSecretVariables(service, document),
      ...findWrongLimits(service, document),
      ...findRepeatedVolumes(service, document),
      ...findRequestLimits(service, document),
    ]),
    ...findOtherPlatforms(document),
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

/** Secrets that would hand a service what dropfleet itself is told, the token of the whole account among it. */
function findOwnNames(
  { project, written, file: { secrets = [], image_login: login } }: WrittenService,
  document: JsonDocument<DeploymentFile>,
): Problem[] {
  const at = ['projects', project, 'services', written];
  const places = secrets.map((name, i) => ({ name, path: [...at, 'secrets', i] }));
  if (login !== undefined) places.push({ name: login.secret, path: [...at, 'image_login', 'secret'] });
  return places.flatMap(({ name, path }) => {
    if (!isOwnName(name.toUpperCase())) return [];
    const message = `${name.toUpperCase()} is dropfleet's own and given to no service; give the service's value another name`;
    return [document.problemAt(path, message)];
  });
}

/** Variables that are secrets too: whoever reads the file would take the plain one for the secret. */
function findSecretVariables(
  { project, written, file: { secrets = [], environment = {} } }: WrittenService,
  document: JsonDocument<DeploymentFile>,
): Problem[] {
  const secret = new Set(secrets.map(name => name.toUpperCase()));
  return Object.keys(environment).flatMap(name => {
    if (!secret.has(name)) return [];
    const path = ['projects', project, 'services', written, 'environment', name];
    return [document.problemAt(path, `${name} stands in secrets, too; keep one`)];
  });
}

/** The least that docker starts a container with. */
const LEAST_MEMORY = '6m';
const MOST_MEMORY = '9999g';

function findWrongLimits(
  { project, written, file: { memory, cpus } }: WrittenService,
  document: JsonDocument<DeploymentFile>,
): Problem[] {
  const bytes = memory === undefined ? undefined : bytesIn(memoryIn(memory));
  const isMemoryWrong =
    bytes !== undefined && (bytes < bytesIn(LEAST_MEMORY) || bytes > bytesIn(MOST_MEMORY));
  const isCpusWrong = cpus !== undefined && (cpusIn(cpus) < 0.01 || cpusIn(cpus) > 1024);
  const at = (field: string, message: string): Problem =>
    document.problemAt(['projects', project, 'services', written, field], message);
  return [
    ...(isMemoryWrong ? [at('memory', `must be from ${LEAST_MEMORY} to ${MOST_MEMORY}`)] : []),
    ...(isCpusWrong ? [at('cpus', 'must be from 0.01 to 1024')] : []),
  ];
}

const MOST_BODY = '100g';

/** Limits of requests where there are none, or that the load balancer does not take. */
function findRequestLimits(
  { project, written, file }: WrittenService,
  document: JsonDocument<DeploymentFile>,
): Problem[] {
  const at = (field: string, message: string): Problem =>
    document.problemAt(['projects', project, 'services', written, field], message);
  const given = (['max_body_size', 'read_timeout_seconds'] as const).filter(
    field => file[field] !== undefined,
  );
  if (typeOf(file) !== 'web')
    return given.map(field => at(field, `${written} is no web service: it gets no requests; take this out`));
  const megabytes = megabytesIn(file.max_body_size ?? '1m');
  return megabytes < 1 || megabytes > megabytesIn(MOST_BODY)
    ? [at('max_body_size', `must be from 1m to ${MOST_BODY}`)]
    : [];
}

/** Two volumes of one name, or at one place. */
function findRepeatedVolumes(
  { project, written, file: { volumes = [] } }: WrittenService,
  document: JsonDocument<DeploymentFile>,
): Problem[] {
  const list = volumesIn(volumes);
  return list.flatMap(({ name, path }, i) => {
    const before = list.slice(0, i);
    const isNamed = before.some(other => other.name === name);
    if (!isNamed && before.every(other => other.path !== path)) return [];
    const place = ['projects', project, 'services', written, 'volumes', Array.isArray(volumes) ? i : name];
    return [document.problemAt(place, `${isNamed ? name : path} stands here already; keep one`)];
  });
}

/** Services that ask for another engine than the others of their project: a host has one. */
function findOtherPlatforms(document: JsonDocument<DeploymentFile>): Problem[] {
  const { deployment_platform: byDefault = 'docker', projects } = document.value;
  return Object.entries(projects).flatMap(([project, { services }]) => {
    const [first, ...rest] = Object.entries(services)
      .map(([name, { deployment_platform: own }]) => ({ name, own, platform: own ?? byDefault }))
      .filter(({ platform }) => platform !== 'kubernetes');
    return rest.flatMap(service => {
      if (first === undefined || service.platform === first.platform) return [];
      // Of the two it is one that says it itself.
      const { name } = service.own === undefined ? first : service;
      const path = ['projects', project, 'services', name, 'deployment_platform'];
      const message = `${service.name} runs on ${service.platform} and ${first.name} on ${first.platform}, and a host has one engine; write the same for all services of ${project}`;
      return [document.problemAt(path, message)];
    });
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
