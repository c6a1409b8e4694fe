import type { Environment } from '../../config/deployment-file.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { DeployStep } from '../../reconcilers/versions/deploy-plan.ts';
import { CommandFailure } from '../failure.ts';
import { createLogger } from '../logger.ts';
import { commandLine, type GlobalOptions } from '../options.ts';
import { createReleaseProgress } from '../show/release-progress.ts';
import { failureLines } from '../show/release-result.ts';
import { stopSignal } from '../stop.ts';
import { applyRelease } from './apply-release.ts';
import { followBuilds, type BuildPlace } from './build-log.ts';
import { awaitRelease, type ReleaseEnding } from './await-release.ts';
import type { HostsChoice } from './embedded.ts';
import { withDeployLock } from './deploy-lock.ts';
import { bringInfrastructureUpToDate, startOperator, type RunningOperator } from './operator.ts';
import { openParts, sshPortOf } from './open.ts';
import { isOperatorRunning } from './running-operator.ts';
import { expectWorker } from './source.ts';
import type { KubernetesWorld, World, WorldParts } from './world.ts';

/** What every command that releases something takes. */
export interface ReleaseOptions extends GlobalOptions {
  project: string;
  environment: Environment;
  /** Milliseconds. */
  timeout: number;
  /** The machines of the sandbox. */
  hosts: HostsChoice;
}

/** What a release works in. */
export interface ReleaseWorld extends KubernetesWorld {
  /** Where sshd answers on droplets. */
  readonly sshPort: number;
  readonly parts: WorldParts;
}

/** Runs the work in a world where an operator works: the one that does already, or one of our own until the end. */
export async function withReleaseWorld(
  options: ReleaseOptions,
  work: (world: ReleaseWorld, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stopped = stopSignal();
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(options.timeout)]);
  const parts = await openParts({ ...options, withoutCloud: true });
  try {
    const world = { ...parts, ...(await parts.openKubernetes()) };
    await expectWorker(world, options);
    if (await isOperatorRunning(world)) await work({ ...world, parts, sshPort: sshPortOf(world) }, signal);
    else await withOwnOperator(world, parts, options, own => work({ ...own, parts }, signal));
  } catch (error) {
    if (stopped.aborted)
      throw new CommandFailure('stopped; what was written stays, and the operator goes on with it', 130);
    if (signal.aborted && error === signal.reason)
      throw new CommandFailure(
        `not done after ${options.timeout / 1_000} s, and nothing was written yet: try again, and give more time with --timeout`,
      );
    throw error;
  } finally {
    await parts.close();
  }
}

async function withOwnOperator(
  known: KubernetesWorld,
  parts: WorldParts,
  options: ReleaseOptions,
  work: (world: World) => Promise<void>,
): Promise<void> {
  const world: World = { ...known, ...(await parts.openCloud()) };
  const operator: RunningOperator = await startOperator(world, options, createLogger(options, 'warn'));
  try {
    await Promise.race([work(world), operator.failed]);
  } finally {
    await operator.stop();
  }
  await bringInfrastructureUpToDate(world, options);
}

/** A release that is about to be written. */
export interface Release {
  namespace: string;
  master: Droplet;
  /** Makes the version known, and answers what is to be written. */
  prepare: () => Promise<DeployStep[]>;
  /** Git's id of the files that may be built for it. */
  tree?: string;
}

/** Writes a release and waits until it serves; fails when it does not. Nobody else releases there meanwhile. */
export async function release(
  world: ReleaseWorld,
  { namespace, master, prepare, tree }: Release,
  options: ReleaseOptions,
  signal: AbortSignal,
): Promise<ServiceDeployment[]> {
  const { project, environment } = options;
  const ending = await withDeployLock(world, { namespace, project, environment }, signal, async () => {
    const written = await applyRelease(world.kubernetes, namespace, await prepare(), new Date());
    const build = tree === undefined ? {} : { build: { master, sshPort: world.sshPort, tree } };
    return await follow(world, { written, ...build }, options, signal);
  });
  if (ending.state === 'serving') return ending.services;
  throw failureOf(ending, options);
}

/** Shows what becomes of services that were written, and of their builds. */
async function follow(
  world: ReleaseWorld,
  { written, build }: { written: readonly ServiceDeployment[]; build?: BuildPlace },
  options: ReleaseOptions,
  signal: AbortSignal,
): Promise<ReleaseEnding> {
  const progress = createReleaseProgress(options, written);
  const log = createLogger(options, 'warn', progress.log);
  const builds =
    build && options.output !== 'json'
      ? followBuilds(world, build, written, text => progress.text.write(text))
      : undefined;
  const show = (services: readonly ServiceDeployment[]): void => {
    progress.show(services);
    builds?.seen(services);
  };
  try {
    return await awaitRelease(world, { written, show, log, signal });
  } finally {
    await builds?.end();
    progress.leave();
  }
}

function failureOf(
  ending: Exclude<ReleaseEnding, { state: 'serving' }>,
  options: ReleaseOptions,
): CommandFailure {
  const { project, environment, timeout } = options;
  if (ending.state === 'timeout')
    return new CommandFailure(
      `not everything served after ${timeout / 1_000} s: still waiting for ${ending.waitingFor.join(', ')}. It goes on while an operator runs; give more time with --timeout`,
    );
  return new CommandFailure(failureLines(ending, commandLine(options, 'rollback', project, environment)));
}
