import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createGit, type ResolvedCommit } from '../../clients/git/git.ts';
import { SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import {
  readDeploymentConfig,
  repositoryUrl,
  type DeploymentConfig,
} from '../../config/deployment-config.ts';
import { configurationFiles } from '../../config/load.ts';
import { ConfigurationError, formatProblems } from '../../config/problems.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { imageOf, releasesOf } from '../../reconcilers/versions/release-plan.ts';
import { releasedService } from '../../reconcilers/versions/deploy-plan.ts';
import { isOf } from '../../reconcilers/services-file/render.ts';
import { parseVersion } from '../../reconcilers/versions/tag-plan.ts';
import { CommandFailure } from '../failure.ts';
import { commandLine, type GlobalOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { basesIn, reproducedFiles, type ReproducedService } from '../show/reproduced-files.ts';
import { stopSignal } from '../stop.ts';
import { explained } from '../world/new-version.ts';
import { openParts } from '../world/open.ts';

export interface ReproduceOptions extends GlobalOptions {
  tag: string;
  /** Found by the tag when absent. */
  project?: string;
  dir?: string;
  /** The original tool's name for it. */
  reproduceDir?: string;
}

/** Writes the exact source of a version into a folder, with what it takes to run it elsewhere. */
export async function reproduce(options: ReproduceOptions): Promise<void> {
  const { tag } = options;
  const config = await readConfig(options);
  const parts = await openParts({ ...options, readOnly: true, withoutCloud: true });
  try {
    const { kubernetes } = await parts.openKubernetes();
    const { items } = await kubernetes.list(SERVICE_DEPLOYMENTS);
    const project = options.project ?? projectOf(tag, config, items);
    const url = urlOf(config, project, options);
    const signal = stopSignal();
    const git = createGit({ folder: join(parts.folder, 'git'), env: process.env });
    const found = await explained(git.resolve(url, tag, signal), tag);
    const folder = resolve(options.dir ?? options.reproduceDir ?? `${project}-${tag}`);
    await git.checkout(url, found.commit, join(folder, 'source'), signal);
    const services = await reproducedServices(config, project, tag, folder, items);
    const environment = parseVersion(tag)?.environment ?? 'prod';
    const files = reproducedFiles({ project, environment, version: tag, url, ...found, services });
    for (const [name, text] of Object.entries(files))
      await writeFile(join(folder, name), text, { mode: name.endsWith('.sh') ? 0o755 : 0o644 });
    report(options, project, folder, found, services);
  } finally {
    await parts.close();
  }
}

async function readConfig(options: GlobalOptions): Promise<DeploymentConfig> {
  const path = configurationFiles(options.configDir).deployment;
  const { config, problems } = await readDeploymentConfig(path);
  if (problems.length > 0) throw new ConfigurationError(formatProblems(problems));
  if (config !== undefined) return config;
  throw new CommandFailure(`there is no ${path}: write one with "${commandLine(options, 'init')}"`);
}

/** The one project that ever ran that version, or the only one that there is. */
function projectOf(tag: string, { services }: DeploymentConfig, all: readonly ServiceDeployment[]): string {
  const ran = all.filter(
    service => service.spec.version === tag || releasesOf(service).some(({ version }) => version === tag),
  );
  const projects = new Set(
    ran.length > 0 ? ran.map(({ spec }) => spec.project) : services.map(each => each.project),
  );
  const [project, ...others] = projects;
  if (project !== undefined && others.length === 0) return project;
  throw new CommandFailure(
    `${tag} may be of any project: name one with --project, of ${[...projects].join(', ') || 'deployment_config.json'}`,
  );
}

function urlOf({ git, services }: DeploymentConfig, project: string, { tag }: ReproduceOptions): string {
  if (!services.some(service => service.project === project))
    throw new CommandFailure(`deployment_config.json has no services of project ${project}`);
  if (parseVersion(tag)?.localTree !== undefined)
    throw new CommandFailure(`${tag} was made of a folder's files, which are in no repository`);
  if (git !== undefined) return repositoryUrl(git, project);
  throw new CommandFailure('deployment_config.json has no git_config: it says where the repositories are');
}

async function reproducedServices(
  { services, platform }: DeploymentConfig,
  project: string,
  version: string,
  folder: string,
  all: readonly ServiceDeployment[],
): Promise<ReproducedService[]> {
  const environment = parseVersion(version)?.environment ?? 'prod';
  const own = services.filter(service => service.project === project && isOf(service, environment));
  return await Promise.all(
    own.map(async service => {
      const place = { namespace: '', environment, platform };
      const { spec } = releasedService(service, place, { version });
      const image = imageOf(all, project, spec.service, version);
      const path = join(folder, 'source', spec.build?.containerfile ?? 'Dockerfile');
      const text = spec.image === undefined ? await readFile(path, 'utf8').catch(() => undefined) : undefined;
      return {
        spec,
        ...(image !== undefined && { image }),
        ...(text !== undefined && { bases: basesIn(text) }),
      };
    }),
  );
}

function report(
  options: ReproduceOptions,
  project: string,
  folder: string,
  { commit, tree }: ResolvedCommit,
  services: readonly ReproducedService[],
): void {
  const shown = services.map(({ spec, bases = [], image = null }) => ({
    service: spec.service,
    image,
    bases,
    secrets: spec.secrets ?? [],
  }));
  printResult(options, { project, version: options.tag, commit, tree, folder, services: shown }, () => [
    `${options.tag} of ${project} is commit ${commit}; its files are in ${join(folder, 'source')}.`,
    ...shown.map(({ service, image, bases }) => {
      const from = bases.length > 0 ? `, begins from ${bases.join(', ')}` : '';
      return `  ${service}: ${image === null ? 'no image is remembered' : `ran as ${image}`}${from}`;
    }),
    `How to run it, and what may differ: ${join(folder, 'README.md')}`,
  ]);
}
