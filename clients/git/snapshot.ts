import { copyFile, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expectWhole } from './contents.ts';
import { GitError } from './errors.ts';
import { gitFailure } from './failures.ts';
import type { GitResult, GitRun, GitRunner } from './run.ts';

/** A folder's files as they were at one moment. */
export interface Snapshot {
  /** Git's id of them. */
  tree: string;
  /** The commit that is checked out in the folder, if it is a repository's. */
  commit?: string;
  /** The files are not those of the commit. */
  isDirty: boolean;
  /** The files as a tar. */
  archive(): AsyncIterable<Uint8Array>;
}

/** The repository around the folder, or our own in its stead. */
interface Around {
  /** Where the files are ignored and compared from. */
  env: NodeJS.ProcessEnv;
  /** The folder's place in its repository, with a slash at the end; empty at the top. */
  prefix: string;
  /** The index to begin with. */
  index?: string;
}

/** Ids of objects that nothing refers to are dropped after so long. */
const KEPT = '2.days.ago';
/** What must not leave the machine with a folder that no .gitignore speaks of. */
const NEVER_SENT = '/.env\n/.dropfleet/\n';

/**
 * What is in the folder, as `git add --all` would take it. Objects and index are kept in `store`, so that the
 * folder's own repository is only read.
 */
export async function takeSnapshot(
  git: GitRunner,
  store: string,
  folder: string,
  signal: AbortSignal,
): Promise<Snapshot> {
  const cwd = resolve(folder);
  await expectFolder(cwd);
  await mkdir(store, { recursive: true, mode: 0o700 });
  const temporary = await mkdtemp(join(store, 'index-'));
  try {
    const { env, prefix, index } = await repositoryAround(git, store, cwd, signal);
    const ownIndex = join(temporary, 'index');
    if (index !== undefined) await copyFile(index, ownIndex).catch(() => undefined);
    const indexed = { ...env, GIT_INDEX_FILE: ownIndex };
    await expectDone(git, { cwd, env: indexed, args: ['add', '--all', '--', '.'] }, signal);
    const writeTree = ['write-tree', ...(prefix === '' ? [] : [`--prefix=${prefix}`])];
    const tree = (await expectDone(git, { cwd, env: indexed, args: writeTree }, signal)).stdout.trim();
    // Git takes only what is under its own place in the work tree: the top of one, although the store may be in the folder.
    const place = { cwd: store, env: { ...env, GIT_WORK_TREE: store } };
    await expectWhole(git, place, tree, signal);
    const archive = { ...place, args: ['archive', '--format=tar', tree] };
    return {
      tree,
      ...(await compare(git, { ...place, tree, prefix }, signal)),
      archive: () => git.stream(archive, signal),
    };
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function expectFolder(folder: string): Promise<void> {
  const isFolder = await stat(folder).then(
    found => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new GitError('RepositoryNotFound', `there is no folder ${folder}`);
}

async function repositoryAround(
  git: GitRunner,
  store: string,
  cwd: string,
  signal: AbortSignal,
): Promise<Around> {
  const asked = ['--show-toplevel', '--absolute-git-dir', '--show-prefix', '--show-object-format'];
  const paths = ['--git-path', 'index', '--git-path', 'objects'];
  const args = ['rev-parse', '--path-format=absolute', ...asked, ...paths];
  const { code, stdout, stderr } = await git.run({ cwd, args }, signal);
  if (code !== 0 && /dubious ownership/.test(stderr)) throw gitFailure('rev-parse', cwd, stderr);
  const [top, gitDir, prefix, format, index, objects] = stdout.split('\n') as Six;
  const isOwn = code !== 0 || (prefix !== '' && (await isIgnored(git, cwd, signal)));
  const own = await prepareStore(git, store, isOwn ? 'sha1' : format, signal);
  if (isOwn) return { env: { GIT_DIR: own, GIT_WORK_TREE: cwd }, prefix: '' };
  const env = {
    GIT_DIR: gitDir,
    GIT_WORK_TREE: top,
    GIT_OBJECT_DIRECTORY: join(own, 'objects'),
    GIT_ALTERNATE_OBJECT_DIRECTORIES: JSON.stringify(objects),
  };
  return { env, prefix, index };
}

type Six = [string, string, string, string, string, string];

/** Whether a repository further up leaves the whole folder out. */
async function isIgnored(git: GitRunner, cwd: string, signal: AbortSignal): Promise<boolean> {
  const { code } = await git.run({ cwd, args: ['check-ignore', '--quiet', '.'] }, signal);
  return code === 0;
}

/** A bare repository for the objects; one for each format of ids. */
async function prepareStore(
  git: GitRunner,
  store: string,
  format: string,
  signal: AbortSignal,
): Promise<string> {
  const own = join(store, `${format}.git`);
  const args = ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, own];
  await expectDone(git, { cwd: store, args }, signal);
  await mkdir(join(own, 'info'), { recursive: true });
  await writeFile(join(own, 'info', 'exclude'), NEVER_SENT);
  await git.run({ cwd: own, args: ['prune', `--expire=${KEPT}`] }, signal);
  return own;
}

async function compare(
  { run }: GitRunner,
  { tree, prefix, ...place }: { cwd: string; env: NodeJS.ProcessEnv; tree: string; prefix: string },
  signal: AbortSignal,
): Promise<Pick<Snapshot, 'commit' | 'isDirty'>> {
  const idOf = async (name: string): Promise<string | undefined> => {
    const { code, stdout } = await run(
      { ...place, args: ['rev-parse', '--verify', '--quiet', name] },
      signal,
    );
    return code === 0 ? stdout.trim() : undefined;
  };
  const commit = await idOf('HEAD^{commit}');
  if (commit === undefined) return { isDirty: true };
  const committed = await idOf(`${commit}:${prefix.replace(/\/$/, '')}`);
  return { commit, isDirty: committed !== tree };
}

async function expectDone(git: GitRunner, run: GitRun, signal: AbortSignal): Promise<GitResult> {
  const result = await git.run(run, signal);
  if (result.code !== 0) throw gitFailure(run.args[0]!, run.cwd, result.stderr);
  return result;
}
