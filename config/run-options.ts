import { dirname, join } from 'node:path';
import type { ServiceDeploymentSpec } from '../crds/service-deployment.ts';
import { readJsonFile } from './json-file.ts';
import type { Problem } from './problems.ts';

/** What containers are started with besides what their service says, in the spelling of the nouns. */
export type RunOptions = NonNullable<ServiceDeploymentSpec['runOptions']>;

/** A run.json, as its schema has it. */
interface RunFile {
  logging?: { driver: NonNullable<RunOptions['logging']>['driver']; options?: Record<string, string> };
  ulimits?: Record<string, number | { soft: number; hard: number }>;
  read_only?: boolean;
  tmpfs?: string[];
  cap_drop?: string[];
  cap_add?: string[];
  security_opt?: string[];
  shm_size?: string;
  pids_limit?: number;
  extra_hosts?: Record<string, string>;
  dns?: string[];
  labels?: Record<string, string>;
  init?: boolean;
}

/** The name of the file in templates/, and in a project's own folder there. */
const RUN_FILE = join('docker', 'run.json');

/** The folder of templates that belongs to the configuration in that folder: it stands beside it. */
export const templatesFolder = (configDir: string): string => join(configDir, '..', 'templates');

/**
 * Reads templates/docker/run.json, and templates/<project>/docker/run.json of each of these projects. None need be
 * there. Never rejects.
 * @param deploymentPath the deployment_config.json that they belong to.
 * @returns the options by project; what a project's own file sets replaces what the one for all does, name by name.
 */
export async function readRunOptions(
  deploymentPath: string,
  projects: readonly string[],
): Promise<{ optionsOf: ReadonlyMap<string, RunOptions>; problems: Problem[] }> {
  const folder = templatesFolder(dirname(deploymentPath));
  const read = async (path: string) => await readJsonFile<RunFile>(join(folder, path), 'docker_run');
  const all = await read(RUN_FILE);
  const own = await Promise.all(projects.map(project => read(join(project, RUN_FILE))));
  const optionsOf = projects.map(
    (project, i) => [project, toRunOptions({ ...all.document?.value, ...own[i]!.document?.value })] as const,
  );
  return {
    optionsOf: new Map(optionsOf.filter(([, options]) => Object.keys(options).length > 0)),
    problems: [all, ...own].flatMap(({ problems }) => problems),
  };
}

/** What says nothing, such as an empty list or `false`, is left out: so a project takes back what all have. */
function toRunOptions(file: RunFile): RunOptions {
  const options = {
    logging: file.logging,
    ulimits: file.ulimits && toLimits(file.ulimits),
    readOnly: file.read_only,
    tmpfs: file.tmpfs,
    capDrop: file.cap_drop,
    capAdd: file.cap_add,
    securityOpt: file.security_opt,
    shmSize: file.shm_size,
    pidsLimit: file.pids_limit,
    extraHosts: file.extra_hosts,
    dns: file.dns,
    labels: file.labels,
    init: file.init,
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => saysSomething(value)));
}

const saysSomething = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Object.keys(value).length > 0
    : value !== undefined && value !== false;

const toLimits = (limits: NonNullable<RunFile['ulimits']>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(limits).map(([name, limit]) => {
      const { soft, hard } = typeof limit === 'number' ? { soft: limit, hard: limit } : limit;
      return [name, `${soft}:${hard}`];
    }),
  );
