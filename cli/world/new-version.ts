import { isGitError } from '../../clients/git/errors.ts';
import type { Git } from '../../clients/git/git.ts';
import type { Snapshot } from '../../clients/git/snapshot.ts';
import { repositoryUrl } from '../../config/deployment-config.ts';
import type { Environment } from '../../config/deployment-file.ts';
import { didYouMean } from '../../config/near-match.ts';
import type { ServiceDeployment, ServiceDeploymentSpec } from '../../crds/service-deployment.ts';
import { releasesOf } from '../../reconcilers/versions/release-plan.ts';
import { localVersion, nextTag } from '../../reconcilers/versions/tag-plan.ts';
import { CommandFailure } from '../failure.ts';
import type { ConfiguredProject } from './configured-services.ts';

/** A version that is about to be: nothing of it is written anywhere before `publish`. */
export interface NewVersion {
  /** As it will most likely be called. */
  version: string;
  source?: ServiceDeploymentSpec['source'];
  /** What it is, such as `commit 1a2b3c4d5e of main`. */
  of: string;
  commit?: string;
  /** Git's id of the files, where they may have to be built. */
  tree?: string;
  /** Makes it known to builders, and answers what it is called. */
  publish(): Promise<string>;
}

/** Whose version it is. */
export interface VersionOf {
  project: string;
  environment: Environment;
  config: ConfiguredProject;
  /** The project's, of all environments. */
  services: readonly ServiceDeployment[];
}

/** Others may take a name in the same moment, but not for ever. */
const MOST_TRIES = 10;

/** The version of a branch, tag or commit of the project's repository: a tag that is pushed. */
export async function versionOfBranch(
  git: Git,
  { project, environment, config, services }: VersionOf,
  branch: string,
  now: () => Date,
  signal: AbortSignal,
): Promise<NewVersion> {
  if (config.git === undefined) return versionWithoutGit({ project, environment, config, services }, now);
  const url = repositoryUrl(config.git, project);
  const { commit, tree } = await explained(git.resolve(url, branch, signal), branch);
  const names = async (): Promise<string[]> => {
    const tags = await git.tags(url, signal);
    return [...tags.map(({ name }) => name), ...versionsOf(services)];
  };
  const first = nextTag(environment, await names(), now());
  return {
    version: first,
    source: { git: { url, ref: branch } },
    of: `commit ${commit.slice(0, 10)} of ${branch}`,
    commit,
    tree,
    async publish() {
      const message = `Deploy ${project} to ${environment} from ${branch}`;
      let version = first;
      for (let tries = 1; tries <= MOST_TRIES; tries++) {
        if (await git.pushTag(url, { name: version, commit, message }, signal)) return version;
        version = nextTag(environment, [...(await names()), version], now());
      }
      throw new CommandFailure(`${url} has every tag that was tried, up to ${version}: try again`);
    },
  };
}

/** Published images alone need no repository, and so no tag in one. */
function versionWithoutGit(
  { project, environment, config, services }: VersionOf,
  now: () => Date,
): NewVersion {
  const built = config.services.filter(({ image }) => image === undefined).map(({ service }) => service);
  if (built.length > 0)
    throw new CommandFailure(
      `no changes made: deployment_config.json has no git_config, so ${built.join(', ')} of ${project} cannot be built: name the repositories there, give each an "image", or deploy a folder with --local --project-path DIR`,
    );
  const version = nextTag(environment, versionsOf(services), now());
  return { version, of: 'published images', publish: () => Promise.resolve(version) };
}

/** The version of a folder's files as they are. `send` puts them where they are built. */
export async function versionOfFolder(
  git: Git,
  { environment, services }: Pick<VersionOf, 'environment' | 'services'>,
  folder: string,
  now: () => Date,
  send: (snapshot: Snapshot) => Promise<unknown>,
  signal: AbortSignal,
): Promise<NewVersion> {
  const snapshot = await git.snapshot(folder, signal);
  const { tree, commit, isDirty } = snapshot;
  const version = localVersion(environment, versionsOf(services), tree, now());
  const base =
    commit === undefined ? '' : `, ${isDirty ? 'changed since' : 'as of'} commit ${commit.slice(0, 10)}`;
  return {
    version,
    source: { local: true, tree },
    tree,
    of: `the files in ${folder}${base}`,
    ...(commit !== undefined && !isDirty && { commit }),
    async publish() {
      await send(snapshot);
      return version;
    },
  };
}

/** Every version that the objects know of. */
const versionsOf = (services: readonly ServiceDeployment[]): string[] =>
  services.flatMap(service => [
    ...(service.spec.version === undefined ? [] : [service.spec.version]),
    ...releasesOf(service).map(({ version }) => version),
  ]);

/** The result, or git's sentence with the branch that was meant. */
export async function explained<T>(work: Promise<T>, ref: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isGitError(error) || error.reason !== 'UnknownRef') throw error;
    const near = didYouMean(ref, error.branches);
    const some = error.branches.slice(0, 10).join(', ');
    throw new CommandFailure(`${error.message}${near || (some && `; its branches are ${some}`)}`);
  }
}
