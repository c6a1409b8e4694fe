import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGit, type Git } from '../../clients/git/git.ts';
import { isOf } from '../../reconcilers/services-file/render.ts';
import { planDeploy, releasedService, type DeployStep } from '../../reconcilers/versions/deploy-plan.ts';
import { CommandFailure } from '../failure.ts';
import { commandLine } from '../options.ts';
import { printLine, printResult } from '../output.ts';
import { deployPlanTable, plannedServices } from '../show/deploy-plan-table.ts';
import { releasedServices } from '../show/release-result.ts';
import { missingLines } from '../show/secrets-table.ts';
import { configuredProject, type ConfiguredProject } from '../world/configured-services.ts';
import { findDeployTarget, type DeployTarget } from '../world/deploy-target.ts';
import { versionOfBranch, versionOfFolder, type NewVersion } from '../world/new-version.ts';
import { openParts } from '../world/open.ts';
import { promotedVersion } from '../world/promoted-version.ts';
import { release, withReleaseWorld, type ReleaseOptions, type ReleaseWorld } from '../world/release.ts';
import { sendSource } from '../world/send-source.ts';
import { describeStored, storeSecrets } from '../world/store-secrets.ts';
import type { KubernetesWorld } from '../world/world.ts';

export interface DeployOptions extends ReleaseOptions {
  /** All of them when absent. */
  service?: string[];
  branch?: string;
  /** For prod: the version, when it is not to be what UAT runs. */
  tag?: string;
  local?: true;
  projectPath?: string;
  plan?: true;
}

/** Makes a version of a branch, a folder, or of what UAT runs, and waits until it serves. */
export async function deploy(options: DeployOptions): Promise<void> {
  expectSensible(options);
  const { service: services, project } = options;
  const read = await configuredProject({ ...options, ...(services && { services }) });
  const config = { ...read, services: read.services.filter(each => isOf(each, options.environment)) };
  if (config.services.length === 0)
    throw new CommandFailure(`what is named of ${project} is shared, and deployed to prod alone`);
  if (options.plan) return await showPlan(options, config);
  await withReleaseWorld(options, (world, signal) => deployIn(world, options, config, signal));
}

function expectSensible({ environment, local, projectPath, branch }: DeployOptions): void {
  if (local && environment === 'prod')
    throw new CommandFailure(
      'prod runs only what has a tag: deploy the folder to uat or test, commit it, and promote that',
      2,
    );
  if (local && branch !== undefined)
    throw new CommandFailure('--local takes the files as they are, and so no --branch', 2);
  if (projectPath !== undefined && !local) throw new CommandFailure('--project-path goes with --local', 2);
}

async function deployIn(
  world: ReleaseWorld,
  options: DeployOptions,
  config: ConfiguredProject,
  signal: AbortSignal,
): Promise<void> {
  const target = await expectDeployable(world, options, config);
  const git = createGit({ folder: join(world.folder, 'git'), env: process.env });
  const version = await versionFor(git, options, config, target, world, signal);
  const { namespace, master } = target;
  const { tree } = version;
  let name = version.version;
  const prepare = async (): Promise<DeployStep[]> => {
    await seeToSecrets(world, namespace, options, config);
    name = await version.publish();
    printLine(options, `${name} is ${version.of}.`);
    return stepsFor(options, config, target, version, name);
  };
  const services = await release(
    world,
    { namespace, master, prepare, ...(tree && { tree }) },
    options,
    signal,
  );
  const released = releasedServices(services, master.status?.server?.publicAddress ?? '');
  const { project, environment } = options;
  const result = { project, environment, version: name, commit: version.commit ?? null, services: released };
  printResult(options, result, () => [
    `${name} runs in ${environment} of ${project}: ${released.map(({ service }) => service).join(', ')}.`,
    ...released.flatMap(({ service, addresses }) => addresses.map(address => `  ${service}: ${address}`)),
    ...nextLines(options, version),
  ]);
}

function nextLines(options: DeployOptions, { source }: NewVersion): string[] {
  const { project, environment } = options;
  const promote = environment === 'uat' && !source?.local;
  return [
    ...(promote ? [`To promote it: ${commandLine(options, 'deploy', 'prod', project)}`] : []),
    `To go back: ${commandLine(options, 'rollback', project, environment)}`,
  ];
}

/** All that can be found wrong before anything is changed. */
async function expectDeployable(
  world: KubernetesWorld,
  options: DeployOptions,
  config: ConfiguredProject,
): Promise<DeployTarget> {
  const target = await findDeployTarget(world, options.project, options);
  await seeToSecrets(world, target.namespace, { ...options, plan: true }, config);
  return target;
}

/** Fails when a secret is missing; else stores what the operator could not see, unless that is only planned. */
async function seeToSecrets(
  world: KubernetesWorld,
  namespace: string,
  options: DeployOptions,
  { services }: ConfiguredProject,
): Promise<void> {
  const { project, environment, plan } = options;
  const deployed = { project, environment, services, ...(plan && { dryRun: true as const }) };
  const stored = await storeSecrets({ ...world, namespace }, deployed);
  const again = commandLine(options, 'secrets', 'check', project, environment);
  if (stored.missing.length > 0)
    throw new CommandFailure(`no changes made${missingLines({ ...stored, project }, again).join('\n')}`);
  const news = plan ? undefined : describeStored(stored);
  if (news !== undefined) printLine(options, news);
}

async function versionFor(
  git: Git,
  options: DeployOptions,
  config: ConfiguredProject,
  target: DeployTarget,
  world: ReleaseWorld | undefined,
  signal: AbortSignal,
): Promise<NewVersion> {
  const { project, environment, branch = 'main', tag, local, projectPath = '.' } = options;
  const of = { project, environment, config, services: target.services };
  const now = (): Date => new Date();
  if (environment === 'prod')
    return await promotedVersion(git, { ...of, options, ...(tag && { tag }) }, signal);
  if (!local) return await versionOfBranch(git, of, branch, now, signal);
  const send: Parameters<typeof versionOfFolder>[4] = snapshot =>
    sendSource(world!, world!.sshPort, target.master, snapshot, signal);
  return await versionOfFolder(git, of, projectPath, now, send, signal);
}

function stepsFor(
  { environment }: DeployOptions,
  { services, platform }: ConfiguredProject,
  target: DeployTarget,
  { source }: NewVersion,
  version: string,
): DeployStep[] {
  const place = { namespace: target.namespace, environment, platform };
  const released = { version, ...(source && { source }) };
  const wanted = services.map(service => releasedService(service, place, released));
  return planDeploy(wanted, target.services);
}

/** The same without doing it: nothing is written, not even a lock or what git fetched. */
async function showPlan(options: DeployOptions, config: ConfiguredProject): Promise<void> {
  const parts = await openParts({ ...options, readOnly: true, withoutCloud: true });
  const folder = await mkdtemp(join(tmpdir(), 'dropfleet-plan-'));
  try {
    const world = { ...parts, ...(await parts.openKubernetes()) };
    const target = await expectDeployable(world, options, config);
    const git = createGit({ folder, env: process.env });
    const signal = AbortSignal.timeout(options.timeout);
    const version = await versionFor(git, options, config, target, undefined, signal);
    const steps = stepsFor(options, config, target, version, version.version);
    const services = plannedServices(steps, target);
    const { project, environment } = options;
    const commit = version.commit ?? null;
    printResult(options, { project, environment, version: version.version, commit, services }, () => [
      `${version.version} would be ${version.of}:`,
      ...deployPlanTable(services),
      'No changes made.',
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await parts.close();
  }
}
