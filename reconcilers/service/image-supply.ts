import { isGitError, type GitFailureReason } from '../../clients/git/errors.ts';
import type { Git } from '../../clients/git/git.ts';
import { RESTARTED_ANNOTATION } from '../../crds/names.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { goodRelease } from './history-plan.ts';
import type { Images, ImageState, WantedImage } from './images.ts';
import { buildKeyOf } from '../build/build-key.ts';
import type { Builder } from '../build/build.ts';
import { BuildError } from '../build/host.ts';
import { prune } from '../build/prune.ts';
import { neededImages } from '../build/prune-plan.ts';
import { isLoginRefused, publish, pull, pullPublished } from '../build/publish.ts';
import type { BuildRequest, BuildSource, BuildState } from '../build/request.ts';

/** What images are made with. */
export interface ImageTools {
  builder: Builder;
  git: Git;
}

/** Images that are built on masters from git or from files that were sent there, and published ones. */
export function createImages({ builder, git }: ImageTools): Images {
  // Two services of one image share its way to the registry: each would take away the tag that the other pushes.
  const publishing = new Map<string, Promise<void>>();
  return {
    async ensure(wanted, signal) {
      if (wanted.service.spec.image !== undefined) return await ensurePublished(wanted, signal);
      const source = await sourceOf(wanted, git, signal);
      if ('state' in source) return source;
      const request = requestFor(wanted, source.tree);
      const build = (): Promise<BuildState> =>
        builder.ensureBuilt(wanted.master.ssh, request, source.from, signal);
      const built = await makingRoom(build, wanted, signal);
      switch (built.state) {
        case 'built':
          return { state: 'ready', image: built.image };
        case 'building':
          return { state: 'pending', reason: 'Building', message: built.message };
        case 'failed':
          return { state: 'failed', reason: built.reason, message: built.message };
      }
    },
    async bring(wanted, image, server, signal) {
      const { service, engine, master } = wanted;
      // A master in place of a dead one has nothing of its own; and nobody else has what was published elsewhere.
      if (service.spec.image !== undefined && server.address === master.address) {
        const state = await ensurePublished({ ...wanted, known: image }, signal);
        if (state.state === 'failed') throw new BuildError(state.message);
        return;
      }
      const { project } = service.spec;
      const name = `${master.address} ${project} ${image}`;
      const own = { engine, project, image };
      const published = (): Promise<void> => {
        const under = publishing.get(name) ?? publish(master.ssh, own, master.address, signal);
        publishing.set(name, under);
        return under;
      };
      const refusal = server.address === master.address ? undefined : await failureOf(published());
      // It is not there, or the registry may have lost it.
      if (refusal !== undefined) publishing.delete(name);
      try {
        // Of whoever has it already nothing is asked: another master in place of a dead one never had it.
        await pull(server.ssh, own, master.address, signal);
      } catch (error) {
        publishing.delete(name);
        throw refusal ?? error;
      }
    },
    async prune({ project, engine, services, servers, hasRegistry }, signal) {
      const needed = neededBy(services);
      for (const { ssh, address, isMaster } of servers) {
        const registry = isMaster && hasRegistry ? { registry: address } : {};
        await prune(ssh, { engine, project, needed, ...registry }, signal);
      }
    },
  };
}

const failureOf = (work: Promise<void>): Promise<Error | undefined> =>
  work.then(
    () => undefined,
    (error: Error) => error,
  );

/** Where the disk is too full for a build, what nobody needs goes, and the build begins after all if that was enough. */
async function makingRoom(
  build: () => Promise<BuildState>,
  { service, services, engine, master }: WantedImage,
  signal: AbortSignal,
): Promise<BuildState> {
  const built = await build();
  if (built.state !== 'failed' || built.reason !== 'DiskFull') return built;
  const { project } = service.spec;
  const needed = neededBy(services);
  await prune(master.ssh, { engine, project, needed, lacksSpace: true }, signal);
  return await build();
}

/** The images that a project's services may return to. */
const neededBy = (services: readonly ServiceDeployment[]): Set<string> =>
  neededImages(
    services.map(({ status = {} }) => ({
      images: [status.image, goodRelease(status)?.image, ...(status.history ?? []).map(({ image }) => image)],
    })),
  );

async function ensurePublished(
  { service, engine, known, master, login }: WantedImage,
  signal: AbortSignal,
): Promise<ImageState> {
  const { project, image: name = '' } = service.spec;
  const id = known === undefined ? {} : { id: known };
  const wanted = { engine, project, name, ...id, ...(login && { login }) };
  try {
    const { image } = await pullPublished(master.ssh, wanted, signal);
    return { state: 'ready', image };
  } catch (error) {
    // With another login it is tried again.
    if (isLoginRefused(error)) return failed('ImageLoginRefused', error.message);
    throw error;
  }
}

type Source = { tree: string; from: BuildSource };

/** Where the files of a version are. */
async function sourceOf(
  { service, version }: WantedImage,
  git: Git,
  signal: AbortSignal,
): Promise<Source | ImageState> {
  const { source = {} } = service.spec;
  if (source.local && source.tree !== undefined) return { tree: source.tree, from: { tree: source.tree } };
  if (source.git === undefined)
    return failed('NoSource', `${service.metadata.name} has neither spec.source.git nor spec.image`);
  const { url, ref } = source.git;
  try {
    const { commit, tree } = await resolveVersion(git, url, version, ref, signal);
    return { tree, from: { open: stop => git.archive(url, commit, stop) } };
  } catch (error) {
    if (!isGitError(error)) throw error;
    if (!PASSING.has(error.reason)) return failed('SourceUnavailable', error.message);
    const message = `${error.message}; tried again every ${AGAIN_MS / 1_000} s`;
    return { state: 'pending', reason: 'SourceUnavailable', message, afterMs: AGAIN_MS };
  }
}

/** What is wrong with the way to a repository, and may be over in a while. */
const PASSING: ReadonlySet<GitFailureReason> = new Set(['Unreachable', 'TimedOut']);
const AGAIN_MS = 30_000;

/** A version is a tag of its repository; one that a person made up is built from the ref beside it. */
async function resolveVersion(git: Git, url: string, version: string, ref: string, signal: AbortSignal) {
  try {
    return await git.resolve(url, version, signal);
  } catch (error) {
    if (!isGitError(error) || error.reason !== 'UnknownRef') throw error;
    return await git.resolve(url, ref, signal);
  }
}

function requestFor({ service, version, engine }: WantedImage, tree: string): BuildRequest {
  const { project, build = {} } = service.spec;
  const { containerfile = 'Dockerfile', context = '.' } = build;
  return {
    engine,
    project,
    ...attemptAt(service, version, tree),
    containerfile,
    context,
    labels: { 'dropfleet.project': project },
  };
}

/** What its build is found by. A person who restarts a service wants another attempt. */
export function attemptAt(
  { metadata, spec: { build = {} } }: ServiceDeployment,
  version: string,
  tree: string,
): Pick<BuildRequest, 'key' | 'attempt'> {
  const { containerfile = 'Dockerfile', context = '.' } = build;
  return {
    key: buildKeyOf({ tree, containerfile, context }),
    attempt: [version, metadata.annotations?.[RESTARTED_ANNOTATION] ?? ''].join('+'),
  };
}

const failed = (reason: string, message: string): ImageState => ({ state: 'failed', reason, message });
