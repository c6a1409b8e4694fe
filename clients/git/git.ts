import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { quoted } from '../log/printable.ts';
import { expectWhole } from './contents.ts';
import { GitError, isGitError } from './errors.ts';
import { gitFailure } from './failures.ts';
import { createMirror, type Mirror } from './mirror.ts';
import { pushTag, type NewTag } from './push-tag.ts';
import {
  branchesOf,
  findAbbreviated,
  findRef,
  isCommitId,
  parseRefs,
  tagsOf,
  type RemoteRef,
} from './refs.ts';
import { expectRemoteUrl, withoutUser } from './remote-url.ts';
import { createGitRunner, type GitRunner } from './run.ts';
import { takeSnapshot, type Snapshot } from './snapshot.ts';

/** What a branch, tag or commit is. */
export interface ResolvedCommit {
  commit: string;
  /** Git's id of its files. */
  tree: string;
  /** In UTC. */
  committedAt: string;
}

/**
 * Repositories, by the git of this machine and with what it is set up with: credential helpers, ssh keys. It never
 * asks a question. All reject with a GitError, or with the signal's reason.
 */
export interface Git {
  /** The commit that a branch, a tag or a whole commit id of that repository is; fetches it, without history. */
  resolve(url: string, ref: string, signal: AbortSignal): Promise<ResolvedCommit>;
  /** A commit's files as a tar. */
  archive(url: string, commit: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** The tags of that repository, with the commits that they lead to. */
  tags(url: string, signal: AbortSignal): Promise<{ name: string; commit: string }[]>;
  /** Makes an annotated tag and pushes it; false when the remote has that name already. */
  pushTag(url: string, tag: NewTag, signal: AbortSignal): Promise<boolean>;
  /** A folder's files as git sees them, .gitignore honoured; nothing of the folder or its repository is changed. */
  snapshot(folder: string, signal: AbortSignal): Promise<Snapshot>;
  /** Writes a commit's files into an empty folder, which is made when there is none. */
  checkout(url: string, commit: string, folder: string, signal: AbortSignal): Promise<void>;
}

export interface GitOptions {
  /** Where fetched commits are kept. */
  folder: string;
  env: NodeJS.ProcessEnv;
  /** How long one git may take, in milliseconds. */
  limitMs?: number;
}

const LIMIT_MS = 600_000;

export function createGit(options: GitOptions): Git {
  const folder = resolve(options.folder);
  const git = createGitRunner(options.env, options.limitMs ?? LIMIT_MS);
  const repository = async (url: string): Promise<Repository> => {
    const address = expectRemoteUrl(url);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return { git, folder, url: address, mirror: createMirror(folder, address, git) };
  };
  return {
    resolve: async (url, ref, signal) => resolveRef(await repository(url), ref, signal),
    async *archive(url, commit, signal) {
      const cwd = await placeOf(await repository(url), commit, signal);
      yield* git.stream({ cwd, args: ['archive', '--format=tar', commit] }, signal);
    },
    tags: async (url, signal) => tagsOf(await listRefs(await repository(url), signal)),
    async pushTag(url, tag, signal) {
      const own = await repository(url);
      return pushTag(git, await placeOf(own, tag.commit, signal), own.url, tag, signal);
    },
    snapshot: (path, signal) => takeSnapshot(git, join(folder, 'snapshots'), path, signal),
    checkout: async (url, commit, path, signal) => checkout(await repository(url), commit, path, signal),
  };
}

interface Repository {
  git: GitRunner;
  folder: string;
  url: string;
  mirror: Mirror;
}

async function listRefs({ git, folder, url }: Repository, signal: AbortSignal): Promise<RemoteRef[]> {
  const args = ['ls-remote', '--quiet', '--heads', '--tags', '--end-of-options', url];
  const { code, stdout, stderr } = await git.run({ cwd: folder, args }, signal);
  if (code !== 0) throw gitFailure('ls-remote', url, stderr);
  return parseRefs(stdout);
}

async function resolveRef(repository: Repository, ref: string, signal: AbortSignal): Promise<ResolvedCommit> {
  const { git, mirror } = repository;
  const known = isCommitId(ref) ? await mirror.find(ref) : undefined;
  const cwd = known ?? (await fetchRef(repository, ref, signal));
  const args = ['log', '-1', '--no-show-signature', '--format=%H %T %ct', commitIn(cwd)];
  const { code, stdout, stderr } = await git.run({ cwd, args }, signal);
  if (code !== 0) throw gitFailure('log', repository.url, stderr);
  const [commit, tree, seconds] = stdout.trim().split(' ') as [string, string, string];
  await expectWhole(git, { cwd }, tree, signal);
  return { commit, tree, committedAt: new Date(Number(seconds) * 1000).toISOString() };
}

/** A fetched commit's repository is called after it. */
const commitIn = (place: string): string => place.slice(place.lastIndexOf('/') + 1, -'.git'.length);

async function fetchRef(repository: Repository, ref: string, signal: AbortSignal): Promise<string> {
  const { mirror } = repository;
  const refs = await listRefs(repository, signal);
  const idLength = refs[0]?.commit.length ?? 40;
  const found = findRef(refs, ref) ?? findAbbreviated(refs, ref);
  if (found !== undefined)
    return (await mirror.find(found.commit)) ?? (await mirror.fetch(found.name, idLength, signal)).place;
  if (isCommitId(ref) && refs.length > 0) return fetchCommit(repository, ref, refs, signal);
  throw unknownRef(repository.url, ref, refs);
}

async function fetchCommit(
  { mirror, url }: Repository,
  commit: string,
  refs: readonly RemoteRef[],
  signal: AbortSignal,
): Promise<string> {
  try {
    return (await mirror.fetch(commit, commit.length, signal)).place;
  } catch (error) {
    if (isGitError(error) && error.reason === 'Failed') throw unknownRef(url, commit, refs);
    throw error;
  }
}

function unknownRef(url: string, ref: string, refs: readonly RemoteRef[]): GitError {
  const name = withoutUser(url);
  const branches = branchesOf(refs);
  return refs.length === 0
    ? new GitError('EmptyRepository', `${name} has no commits yet: push a branch first`)
    : new GitError('UnknownRef', `${name} has no branch, tag or commit ${quoted(ref)}`, branches);
}

async function placeOf(repository: Repository, commit: string, signal: AbortSignal): Promise<string> {
  if (!isCommitId(commit))
    throw new GitError('InvalidRef', `${quoted(commit)} is not the whole id of a commit`);
  return (await repository.mirror.find(commit)) ?? fetchRef(repository, commit, signal);
}

async function checkout(
  repository: Repository,
  commit: string,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const { git } = repository;
  const cwd = await placeOf(repository, commit, signal);
  await mkdir(path, { recursive: true });
  if ((await readdir(path)).length > 0)
    throw new GitError('FolderNotEmpty', `${path} is not empty: name another folder`);
  const temporary = await mkdtemp(join(repository.folder, 'index-'));
  try {
    const env = { GIT_DIR: cwd, GIT_WORK_TREE: resolve(path), GIT_INDEX_FILE: join(temporary, 'index') };
    const args = ['read-tree', '--reset', '-u', commit];
    const { code, stderr } = await git.run({ cwd: path, env, args }, signal);
    if (code !== 0) throw gitFailure('checkout', repository.url, stderr);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
