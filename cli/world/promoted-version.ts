import type { Git } from '../../clients/git/git.ts';
import { repositoryUrl } from '../../config/deployment-config.ts';
import { didYouMean } from '../../config/near-match.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { imageOf, isDeployed } from '../../reconcilers/versions/release-plan.ts';
import { parseVersion } from '../../reconcilers/versions/tag-plan.ts';
import { CommandFailure } from '../failure.ts';
import { commandLine, type GlobalOptions } from '../options.ts';
import type { NewVersion, VersionOf } from './new-version.ts';

interface Promotion extends VersionOf {
  tag?: string;
  options: GlobalOptions;
}

/** The version that UAT runs, or that tag; no tag is made. */
export async function promotedVersion(
  git: Git,
  promotion: Promotion,
  signal: AbortSignal,
): Promise<NewVersion> {
  const version = promotion.tag ?? versionOfUat(promotion);
  if (parseVersion(version)?.localTree !== undefined)
    throw new CommandFailure(
      `no changes made: ${version} is a folder's files, and prod runs only what has a tag: commit them and deploy that to uat first`,
    );
  const missing = withoutImage(promotion, version);
  const source = sourceOf(promotion);
  const found = missing.length > 0 ? await findTag(git, promotion, version, missing, signal) : {};
  const again = missing.length > 0 ? `; not built before, so built from the tag: ${missing.join(', ')}` : '';
  return {
    version,
    ...(source && { source }),
    ...found,
    of: promotion.tag === undefined ? `what uat runs${again}` : `a tag${again}`,
    publish: () => Promise.resolve(version),
  };
}

/** The one version that all of the services run in UAT. */
function versionOfUat({ project, config, services, options }: Promotion): string {
  const names = new Set(config.services.map(({ service }) => service));
  const uat = services.filter(
    service => service.spec.environment === 'uat' && isDeployed(service) && names.has(service.spec.service),
  );
  const versions = new Set(
    uat.flatMap(({ status }) => (status?.version === undefined ? [] : [status.version])),
  );
  const [version, ...others] = versions;
  if (version === undefined)
    throw new CommandFailure(
      `no changes made: nothing of ${project} runs in uat, so there is nothing to promote: "${commandLine(options, 'deploy', 'uat', project)}" first, or name a version with --tag`,
    );
  if (others.length === 0) return version;
  const which = uat.map(({ spec, status }) => `${spec.service} ${status?.version ?? 'nothing'}`).join(', ');
  throw new CommandFailure(`no changes made: uat runs several versions (${which}): name one with --tag`);
}

/** The services that would have to be built. */
const withoutImage = ({ project, config, services }: Promotion, version: string): string[] =>
  config.services
    .filter(({ image }) => image === undefined)
    .map(({ service }) => service)
    .filter(service => imageOf(services, project, service, version) === undefined);

/** Where it would be built from: the repository of the file, or that of UAT. */
function sourceOf({ project, config, services }: Promotion): ServiceDeployment['spec']['source'] {
  const uat = services.find(({ spec }) => spec.environment === 'uat' && spec.source?.git !== undefined);
  const ref = uat?.spec.source?.git?.ref ?? 'main';
  if (config.git !== undefined) return { git: { url: repositoryUrl(config.git, project), ref } };
  return uat?.spec.source?.git && { git: uat.spec.source.git };
}

async function findTag(
  git: Git,
  { project, config }: Promotion,
  version: string,
  missing: readonly string[],
  signal: AbortSignal,
): Promise<Pick<NewVersion, 'commit' | 'tree'>> {
  if (config.git === undefined)
    throw new CommandFailure(
      `no changes made: no image of ${version} is known of ${missing.join(', ')}, and deployment_config.json has no git_config to build from`,
    );
  const url = repositoryUrl(config.git, project);
  const tags = (await git.tags(url, signal)).map(({ name }) => name);
  if (tags.includes(version)) {
    const { commit, tree } = await git.resolve(url, version, signal);
    return { commit, tree };
  }
  throw new CommandFailure(
    `no changes made: neither is an image of ${version} known of ${missing.join(', ')}, nor has ${url} that tag${didYouMean(version, tags)}`,
  );
}
