import type { ServiceDeploymentSpec } from '../crds/service-deployment.ts';
import { checkDeployment } from './deployment-checks.ts';
import {
  serviceNameOf,
  typeOf,
  type DeploymentFile,
  type DomainsFile,
  type Environment,
  type Platform,
  type ServiceFile,
  type Words,
} from './deployment-file.ts';
import { cpusIn, megabytesIn, memoryIn, volumesIn } from './deployment-limits.ts';
import { readJsonFile } from './json-file.ts';
import type { Problem } from './problems.ts';
import { readRunOptions, type RunOptions } from './run-options.ts';

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
  | 'project'
  | 'service'
  | 'type'
  | 'build'
  | 'image'
  | 'imageLogin'
  | 'command'
  | 'releaseCommand'
  | 'variables'
  | 'secrets'
  | 'port'
  | 'healthCheck'
  | 'memory'
  | 'maxBodyMegabytes'
  | 'readTimeoutSeconds'
  | 'cpus'
  | 'volumes'
  | 'runOptions'
  | 'stopSeconds'
  | 'restart'
  | 'update'
  | 'shared'
  | 'platform'
> {
  /** The host names that lead to it, by environment. */
  domains?: DomainsByEnvironment;
}

type DomainsByEnvironment = Partial<Record<Environment, string[]>>;

/** The address of a project's repository. */
export function repositoryUrl(git: GitConfig, project: string): string {
  return git.urlPattern
    .replaceAll('{base_url}', git.baseUrl.replace(/\/+$/, ''))
    .replaceAll('{project}', project);
}

/**
 * Reads deployment_config.json and the run.json of its templates; `config` is undefined when there is none or one of
 * them has problems. Never rejects.
 */
export async function readDeploymentConfig(
  path: string,
): Promise<{ config?: DeploymentConfig; problems: Problem[] }> {
  const { document, problems } = await readJsonFile<DeploymentFile>(path, 'deployment_config');
  if (document === undefined) return { problems };
  const templates = await readRunOptions(path, Object.keys(document.value.projects));
  const found = [...checkDeployment(document), ...templates.problems];
  return found.length > 0
    ? { problems: found }
    : { config: toDeploymentConfig(document.value, templates.optionsOf), problems: [] };
}

function toDeploymentConfig(
  file: DeploymentFile,
  optionsOf: ReadonlyMap<string, RunOptions>,
): DeploymentConfig {
  const platform = file.deployment_platform ?? 'docker';
  const services = Object.entries(file.projects).flatMap(([project, { services, domains }]) =>
    Object.entries(services).map(([written, service]) => {
      const name = serviceNameOf(written);
      return {
        ...toServiceConfig(project, name, service),
        ...present({
          domains: domainsOf(name, domains),
          runOptions: isOnHosts(service.deployment_platform ?? platform) ? optionsOf.get(project) : undefined,
        }),
      };
    }),
  );
  if (file.git_config === undefined) return { platform, services };
  const { base_url: baseUrl, url_pattern: urlPattern = '{base_url}/{project}.git' } = file.git_config;
  return { platform, git: { baseUrl, urlPattern }, services };
}

/** Kubernetes is told how to run a container by other files. */
const isOnHosts = (platform: Platform): boolean => platform !== 'kubernetes';

function toServiceConfig(project: string, service: string, file: ServiceFile): ServiceConfig {
  const build = present({
    containerfile: file.containerfile_path,
    context: file.build_context?.replace(/\/+$/, ''),
  });
  return {
    project,
    service,
    type: typeOf(file),
    ...present({
      build,
      image: file.image,
      imageLogin: file.image_login && {
        username: file.image_login.username,
        secret: file.image_login.secret.toUpperCase(),
      },
      command: toWords(file.command),
      releaseCommand: toWords(file.release_command),
      variables: toVariables(file.environment),
      secrets: file.secrets?.map(name => name.toUpperCase()),
      port: file.port,
      healthCheck: toHealthCheck(file.health_check),
      ...toLimits(file),
      maxBodyMegabytes: file.max_body_size === undefined ? undefined : megabytesIn(file.max_body_size),
      readTimeoutSeconds: file.read_timeout_seconds,
      volumes: file.volumes && volumesIn(file.volumes),
      restart: file.restart,
      update: file.update,
      shared: file.shared,
      platform: file.deployment_platform,
    }),
  };
}

const toWords = (command?: Words): string[] | undefined =>
  typeof command === 'string' ? command.trim().split(/\s+/) : command;

const toVariables = (environment: ServiceFile['environment']): Record<string, string> | undefined =>
  environment &&
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value)]));

const toLimits = ({ memory, cpus, stop_seconds: stopSeconds }: ServiceFile) => ({
  memory: memory === undefined ? undefined : memoryIn(memory),
  cpus: cpus === undefined ? undefined : String(cpusIn(cpus)),
  stopSeconds,
});

function domainsOf(service: string, domains: DomainsFile = {}): DomainsByEnvironment | undefined {
  const lists = Object.entries(domains).map(([environment, names]) => {
    const own = Object.keys(names).filter(name => serviceNameOf(names[name]!) === service);
    return [environment, own.length === 0 ? undefined : own];
  });
  return present(Object.fromEntries(lists) as Record<Environment, string[] | undefined>);
}

/** None when the file has none: a release is not called healthy by a check that nobody wrote. */
function toHealthCheck(file: ServiceFile['health_check']): ServiceConfig['healthCheck'] {
  if (file === undefined || file === false) return undefined;
  if (file === true) return {};
  const { path, interval_seconds, timeout_seconds, start_seconds } = file;
  const seconds = {
    intervalSeconds: interval_seconds,
    timeoutSeconds: timeout_seconds,
    startSeconds: start_seconds,
  };
  return present({ path, ...seconds }) ?? {};
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The object without its undefined fields; undefined when none is left. */
function present<T extends object>(object: T): Present<T> | undefined {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as Present<T>);
}
