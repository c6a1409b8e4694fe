import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { didYouMean } from '../../config/near-match.ts';
import { planDeploy, type DeployStep } from '../../reconcilers/versions/deploy-plan.ts';
import {
  imageOf,
  isDeployed,
  releasesOf,
  versionBefore,
  type VersionBefore,
} from '../../reconcilers/versions/release-plan.ts';
import { CommandFailure } from '../failure.ts';
import { commandLine } from '../options.ts';
import { printLine, printResult } from '../output.ts';
import { releasedServices } from '../show/release-result.ts';
import { findDeployTarget } from '../world/deploy-target.ts';
import { release, withReleaseWorld, type ReleaseOptions, type ReleaseWorld } from '../world/release.ts';

export interface RollbackOptions extends ReleaseOptions {
  /** When absent, the last version before the present one that served for a full minute, if there is one. */
  to?: string;
}

/** Pins the services of an environment to a version that ran before, and waits until it serves. */
export const rollback = (options: RollbackOptions): Promise<void> =>
  withReleaseWorld(options, (world, signal) => rollbackIn(world, options, signal));

async function rollbackIn(world: ReleaseWorld, options: RollbackOptions, signal: AbortSignal): Promise<void> {
  const { project, environment } = options;
  const target = await findDeployTarget(world, project, options);
  const own = target.services.filter(
    service => service.spec.environment === environment && isDeployed(service),
  );
  const { version, passedOver } = versionFor(own, options);
  const rebuilt = own.filter(service => needsBuild(service, target.services, version));
  const { namespace, master } = target;
  const prepare = (): Promise<DeployStep[]> => {
    if (passedOver !== undefined) printLine(options, passedOverLine(passedOver, options));
    printLine(options, `${version} is to run in ${environment} of ${project}.`);
    for (const { spec } of rebuilt)
      printLine(
        options,
        `No image of ${version} is known of ${spec.service}: it is built again from that tag.`,
      );
    return Promise.resolve(
      planDeploy(
        own.map(service => pinned(service, version)),
        own,
      ),
    );
  };
  const services = await release(world, { namespace, master, prepare }, options, signal);
  const released = releasedServices(services, master.status?.server?.publicAddress ?? '');
  printResult(options, { project, environment, version, services: released }, () => [
    `${version} runs in ${environment} of ${project}: ${released.map(({ service }) => service).join(', ')}.`,
  ]);
}

const passedOverLine = (version: string, options: RollbackOptions): string =>
  `${version} never served for a full minute, so it is passed over; "${commandLine(options, 'rollback', options.project, options.environment, '--to', version)}" goes back to it all the same.`;

const pinned = (service: ServiceDeployment, version: string): ServiceDeployment => ({
  ...service,
  spec: { ...service.spec, version },
});

const needsBuild = (
  { spec }: ServiceDeployment,
  all: readonly ServiceDeployment[],
  version: string,
): boolean => spec.image === undefined && imageOf(all, spec.project, spec.service, version) === undefined;

function versionFor(own: readonly ServiceDeployment[], options: RollbackOptions): VersionBefore {
  const { project, environment, to } = options;
  const history = commandLine(options, 'history', project, environment);
  if (own.length === 0)
    throw new CommandFailure(
      `nothing of ${project} was ever deployed to ${environment}: there is nothing to go back to`,
    );
  const before = to === undefined ? versionBefore(own) : { version: to };
  if (before === undefined)
    throw new CommandFailure(
      `no changes made: no version ran in ${environment} of ${project} before this one; see "${history}"`,
    );
  const known = new Set(own.flatMap(releasesOf).map(release => release.version));
  const { version } = before;
  if (known.has(version)) return before;
  throw new CommandFailure(
    `no changes made: ${version} never ran in ${environment} of ${project}${didYouMean(version, known)}; see "${history}", or deploy it with "${commandLine(options, 'deploy', environment, project)}"`,
  );
}
