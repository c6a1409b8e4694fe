import { readDeploymentConfig, type DeploymentConfig } from '../../config/deployment-config.ts';
import { serviceNameOf } from '../../config/deployment-file.ts';
import { configurationFiles } from '../../config/load.ts';
import { didYouMean } from '../../config/near-match.ts';
import { ConfigurationError, formatProblems } from '../../config/problems.ts';
import { CommandFailure } from '../failure.ts';
import { commandLine, type GlobalOptions } from '../options.ts';

export type ConfiguredService = DeploymentConfig['services'][number];

/** What deployment_config.json says of a project. */
export interface ConfiguredProject extends Omit<DeploymentConfig, 'services'> {
  services: ConfiguredService[];
}

/** The services of a project in deployment_config.json, or the one that is named; a failure says which there are. */
export async function configuredServices(
  options: GlobalOptions & { project: string; service?: string },
): Promise<ConfiguredService[]> {
  const { service, ...project } = options;
  const names = service === undefined ? {} : { services: [service] };
  return (await configuredProject({ ...project, ...names })).services;
}

/** The project with its services, or those that are named. */
export async function configuredProject(
  options: GlobalOptions & { project: string; services?: readonly string[] },
): Promise<ConfiguredProject> {
  const { project, services } = options;
  const path = configurationFiles(options.configDir).deployment;
  const { config, problems } = await readDeploymentConfig(path);
  if (problems.length > 0) throw new ConfigurationError(formatProblems(problems));
  if (config === undefined)
    throw new CommandFailure(`there is no ${path}: write one with "${commandLine(options, 'init')}"`);
  const own = config.services.filter(other => other.project === project);
  if (own.length === 0) {
    const projects = [...new Set(config.services.map(other => other.project))];
    throw new CommandFailure(`${path} has no services of project ${project}${known(project, projects)}`);
  }
  const names = own.map(other => other.service);
  const stranger = services?.find(service => !names.includes(serviceNameOf(service)));
  if (stranger !== undefined)
    throw new CommandFailure(`project ${project} has no service ${stranger}${known(stranger, names)}`);
  const wanted = new Set(services?.map(serviceNameOf));
  return { ...config, services: own.filter(({ service }) => wanted.size === 0 || wanted.has(service)) };
}

const known = (word: string, names: readonly string[]): string =>
  `; known are ${names.length > 0 ? names.join(', ') : 'none'}${didYouMean(word, names)}`;
