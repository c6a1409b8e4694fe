import { SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import { keyOf } from '../../crds/meta.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { CommandFailure } from '../failure.ts';
import { createLogger } from '../logger.ts';
import type { GlobalOptions } from '../options.ts';
import { createReleaseProgress } from '../show/release-progress.ts';
import { awaitRelease, type StateOf } from './await-release.ts';
import { withDeployLock } from './deploy-lock.ts';
import type { HostsChoice } from './embedded.ts';
import { findDeployTarget } from './deploy-target.ts';
import { findEnvironment, type EnvironmentServices } from './find-services.ts';
import { openParts } from './open.ts';
import { withReleaseWorld } from './release.ts';

/** What commands take that change how services run, and not what runs. */
export interface ChangeOptions extends GlobalOptions {
  project: string;
  environment: string;
  /** Milliseconds. */
  timeout: number;
  /** The machines of a sandbox that is started for it. */
  hosts: HostsChoice;
}

/** What is written of services, and when it has come true. */
export interface Change {
  services: readonly ServiceDeployment[];
  patch: { metadata?: object; spec?: object };
  stateOf: StateOf;
  /** What is said of a failure. */
  onFailure: string;
}

/** What there is, before anything is started or changed. */
export async function readServices(options: ChangeOptions): Promise<EnvironmentServices> {
  const parts = await openParts({ ...options, readOnly: true, withoutCloud: true });
  try {
    return await findEnvironment(await parts.openKubernetes(), options);
  } finally {
    await parts.close();
  }
}

/** Writes the change, while nobody deploys there, and waits until it has come true; with an operator of our own if there is none. */
export async function changeServices(options: ChangeOptions, change: Change): Promise<ServiceDeployment[]> {
  const { project, services } = { ...options, ...change };
  const { environment } = services[0]!.spec;
  let changed: ServiceDeployment[] = [];
  await withReleaseWorld({ ...options, environment }, async (world, signal) => {
    const { namespace } = await findDeployTarget(world, project, options);
    changed = await withDeployLock(world, { namespace, project, environment }, signal, async () => {
      const written: ServiceDeployment[] = [];
      for (const service of services)
        written.push(await world.kubernetes.patch(SERVICE_DEPLOYMENTS, keyOf(service), change.patch));
      const progress = createReleaseProgress(options, written);
      const log = createLogger(options, 'warn', progress.log);
      const wait = {
        written,
        stateOf: change.stateOf,
        show: (services: readonly ServiceDeployment[]) => progress.show(services),
        log,
        signal,
      };
      const ending = await awaitRelease(world, wait).finally(() => progress.leave());
      if (ending.state === 'serving') return ending.services;
      if (ending.state === 'failed')
        throw new CommandFailure(
          [...ending.failures.map(({ message }) => message), change.onFailure].join('\n'),
        );
      throw new CommandFailure(
        `not done after ${options.timeout / 1_000} s: still waiting for ${ending.waitingFor.join(', ')}. The operator goes on with it; give more time with --timeout`,
      );
    });
  });
  return changed;
}

/** The names of services, for a sentence. */
export const namesOf = (services: readonly ServiceDeployment[]): string =>
  services.map(({ spec }) => spec.service).join(', ');
