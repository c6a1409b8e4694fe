import { printable } from '../log/printable.ts';
import { GitError } from './errors.ts';
import type { GitRunner } from './run.ts';

/** Where a tree is, and what git needs to find it. */
export interface TreePlace {
  cwd: string;
  env?: NodeJS.ProcessEnv;
}

const POINTER = '^version https://git-lfs.github.com/spec/v1$';

/**
 * Refuses a tree that `git archive` would not give whole: it leaves the folders of submodules empty, and writes
 * the pointers of Git LFS instead of the files.
 * @throws GitError
 */
export async function expectWhole(
  { run }: GitRunner,
  place: TreePlace,
  tree: string,
  signal: AbortSignal,
): Promise<void> {
  const { stdout } = await run({ ...place, args: ['ls-tree', '-r', '-z', '--full-tree', tree] }, signal);
  const entries = stdout
    .split('\0')
    .map(line => ({ mode: line.slice(0, 6), path: line.split('\t', 2)[1] ?? '' }));
  const submodules = entries.filter(({ mode }) => mode === '160000').map(({ path }) => path);
  if (submodules.length > 0)
    throw new GitError(
      'Submodules',
      `submodules are not built: ${namesOf(submodules)}; commit the files themselves, or build the image elsewhere and name it as "image"`,
    );
  if (!entries.some(({ path }) => path.split('/').at(-1) === '.gitattributes')) return;
  // Only where attributes are set, because this reads every file.
  const args = ['grep', '-l', '-z', '--full-name', '-e', POINTER, tree];
  const pointers = (await run({ ...place, args }, signal)).stdout.split('\0').filter(Boolean);
  if (pointers.length > 0)
    throw new GitError(
      'LargeFiles',
      `files of Git LFS are not fetched: ${namesOf(pointers.map(name => name.slice(tree.length + 1)))}; build the image elsewhere and name it as "image", or deploy a working tree that has them with --local`,
    );
}

const namesOf = (paths: readonly string[]): string =>
  printable(
    paths.length > 3 ? `${paths.slice(0, 3).join(', ')} and ${paths.length - 3} more` : paths.join(', '),
  );
