import type { ServiceDeploymentSpec } from '../crds/service-deployment.ts';
import { readJsonFile, type JsonDocument } from './json-file.ts';
import type { Problem } from './problems.ts';

/** What runs the containers. */
type Platform = NonNullable<ServiceDeploymentSpec['platform']>;

/** deployment_config.json, in the spelling of the nouns. */
export interface DeploymentConfig {
  platform: Platform;
  /** Where repositories are; without it only a local folder can be deployed. */
  git?: GitConfig;
  /** The services of all projects, in the file's order. */
  services: ServiceConfig[];
}

/** How a repository's address is made up; see repositoryUrl. */
export interface GitConfig {
  baseUrl: string;
  urlPattern: string;
}

/** One service of one project. What is left out has the ServiceDeployment CRD's default. */
interface ServiceConfig extends Pick<
  ServiceDeploymentSpec,
  'project' | 'service' | 'type' | 'build' | 'command' | 'secrets' | 'healthCheck' | 'image'
> {
  /** The port that the program listens on inside its container. */
  port?: number;
  /** The host names that lead to it, by environment. */
  domains?: DomainsByEnvironment;
}

type Environment = ServiceDeploymentSpec['environment'];
type DomainsByEnvironment = Partial<Record<Environment, string[]>>;

/** The address of a project's repository. */
export function repositoryUrl(git: GitConfig, project: string): string {
  return git.urlPattern
    .replaceAll('{base_url}', git.baseUrl.replace(/\/+$/, ''))
    .replaceAll('{project}', project);
}

/** Reads deployment_config.json; `config` is undefined when there is none or it has problems. Never rejects. */
export async function readDeploymentConfig(
  path: string,
): Promise<{ config?: DeploymentConfig; problems: Problem[] }> {
  const { document, problems } = await readJsonFile<DeploymentFile>(path, 'deployment_config');
  if (document === undefined) return { problems };
  const config = toDeploymentConfig(document.value);
  const found = [...findCollisions(config.services, document), ...findStrayDomains(document)];
  return found.length > 0 ? { problems: found } : { config, problems: [] };
}

/** The file's shape, as its schema has it. */
interface DeploymentFile {
  deployment_platform?: Platform;
  git_config?: { base_url: string; url_pattern?: string };
  projects: Record<string, ProjectFile>;
}

interface ProjectFile {
  /** By environment, then by host name; the value is the service's name. */
  domains?: Partial<Record<Environment, Record<string, string>>>;
  services: Record<string, ServiceFile>;
}

interface ServiceFile {
  type: ServiceDeploymentSpec['type'];
  containerfile_path?: string;
  build_context?: string;
  command?: string | string[];
  secrets?: string[];
  health_check?: {
    path?: string;
    interval_seconds?: number;
    timeout_seconds?: number;
    start_seconds?: number;
  };
  image?: string;
  port?: number;
}

function toDeploymentConfig(file: DeploymentFile): DeploymentConfig {
  const services = Object.entries(file.projects).flatMap(([project, { services, domains }]) =>
    Object.entries(services).map(([name, service]) => ({
      ...toServiceConfig(project, name, service),
      ...present({ domains: domainsOf(name, domains) }),
    })),
  );
  const platform = file.deployment_platform ?? 'docker';
  if (file.git_config === undefined) return { platform, services };
  const { base_url: baseUrl, url_pattern: urlPattern = '{base_url}/{project}.git' } = file.git_config;
  return { platform, git: { baseUrl, urlPattern }, services };
}

function toServiceConfig(project: string, service: string, file: ServiceFile): ServiceConfig {
  const { type, command, secrets, image, port } = file;
  const build = present({ containerfile: file.containerfile_path, context: file.build_context });
  const words = typeof command === 'string' ? command.trim().split(/\s+/) : command;
  return {
    project,
    service,
    type,
    ...present({
      build,
      command: words,
      secrets,
      healthCheck: toHealthCheck(file.health_check),
      image,
      port,
    }),
  };
}

function domainsOf(service: string, domains: ProjectFile['domains'] = {}): DomainsByEnvironment | undefined {
  const lists = Object.entries(domains).map(([environment, names]) => {
    const own = Object.keys(names).filter(name => names[name] === service);
    return [environment, own.length === 0 ? undefined : own];
  });
  return present(Object.fromEntries(lists) as Record<Environment, string[] | undefined>);
}

function toHealthCheck(file: ServiceFile['health_check']): ServiceConfig['healthCheck'] {
  return present({
    path: file?.path,
    intervalSeconds: file?.interval_seconds,
    timeoutSeconds: file?.timeout_seconds,
    startSeconds: file?.start_seconds,
  });
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The object without its undefined fields; undefined when none is left. */
function present<T extends object>(object: T): Present<T> | undefined {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as Present<T>);
}

const ENVIRONMENTS = ['prod', 'uat', 'test'];

/**
 * Two services whose objects would have one name: `shop` with the service `uat-api` in prod, and `shop-prod`
 * with `api` in uat, are both `shop-prod-uat-api`.
 */
function findCollisions(
  services: readonly ServiceConfig[],
  document: JsonDocument<DeploymentFile>,
): Problem[] {
  const owners = new Map<string, ServiceConfig>();
  return services.flatMap(service => {
    const names = ENVIRONMENTS.map(environment => `${service.project}-${environment}-${service.service}`);
    const taken = names.find(name => owners.has(name));
    for (const name of names) owners.set(name, owners.get(name) ?? service);
    if (taken === undefined) return [];
    const other = owners.get(taken)!;
    const message = `this service and ${other.service} of ${other.project} would both be called ${taken}; rename one`;
    return [document.problemAt(['projects', service.project, 'services', service.service], message)];
  });
}

/** Host names that lead to no web service, or to two. */
function findStrayDomains(document: JsonDocument<DeploymentFile>): Problem[] {
  const owners = new Map<string, string>();
  return Object.entries(document.value.projects).flatMap(([project, { domains = {}, services }]) =>
    Object.entries(domains).flatMap(([environment, names]) =>
      Object.entries(names).flatMap(([domain, service]) => {
        const message = strayMessage(domain, services[service], owners.get(domain));
        owners.set(domain, `${service} of ${project} in ${environment}`);
        if (message === undefined) return [];
        return [document.problemAt(['projects', project, 'domains', environment, domain], message)];
      }),
    ),
  );
}

function strayMessage(domain: string, service: ServiceFile | undefined, owner?: string): string | undefined {
  if (owner !== undefined) return `${domain} leads to ${owner} already; keep one`;
  if (service === undefined) return 'there is no such service in this project; name one of its web services';
  return service.type === 'web' ? undefined : `a ${service.type} takes no requests; name a web service`;
}
