import { createHash } from 'node:crypto';
import { link, mkdir, mkdtemp, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gitFailure } from './failures.ts';
import type { GitRunner } from './run.ts';

/**
 * The commits that were fetched of one repository: each a bare repository of its own, without history, which is
 * complete once it has its name. So no process ever waits for another's lock, nor finds one of a process that was
 * killed. What the newest has is linked into the next, so that only what differs is sent.
 */
export interface Mirror {
  /** The bare repository that has the commit; undefined when it was not fetched. */
  find(commit: string): Promise<string | undefined>;
  /** Fetches what a whole name or a commit leads to, and answers the bare repository and the commit. */
  fetch(wanted: string, idLength: number, signal: AbortSignal): Promise<{ place: string; commit: string }>;
}

/** So many are kept, besides those of the last day, which another process may be reading. */
const KEPT = 5;
const DAY_MS = 86_400_000;
const FETCHED = 'refs/heads/fetched';
const TEMPORARY = 'fetching-';

/** The mirror of `url` among those in `folder`. */
export function createMirror(folder: string, url: string, git: GitRunner): Mirror {
  const own = join(folder, createHash('sha256').update(url).digest('hex').slice(0, 20));
  const placeOf = (commit: string): string => join(own, `${commit}.git`);
  return {
    async find(commit) {
      const place = placeOf(commit);
      const isThere = await stat(place).then(
        () => true,
        () => false,
      );
      if (!isThere) return undefined;
      await touch(place);
      return place;
    },
    async fetch(wanted, idLength, signal) {
      await mkdir(own, { recursive: true, mode: 0o700 });
      const temporary = await mkdtemp(join(own, TEMPORARY));
      try {
        await begin(git, temporary, idLength, await newestOf(own), signal);
        const commit = await fetchInto(git, temporary, url, wanted, signal);
        const place = placeOf(commit);
        await renameUnlessThere(temporary, place);
        await touch(place);
        await prune(own);
        return { place, commit };
      } finally {
        await rm(temporary, { recursive: true, force: true });
      }
    },
  };
}

async function begin(
  git: GitRunner,
  place: string,
  idLength: number,
  before: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const format = idLength === 64 ? 'sha256' : 'sha1';
  const args = ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, place];
  const { code, stderr } = await git.run({ args, cwd: place }, signal);
  if (code !== 0) throw gitFailure('init', place, stderr);
  if (before === undefined) return;
  const packs = join(before, 'objects', 'pack');
  const commit = before.slice(before.lastIndexOf('/') + 1, -'.git'.length);
  // Another process may remove the one before meanwhile: then this fetch just takes longer.
  try {
    for (const file of await readdir(packs))
      await link(join(packs, file), join(place, 'objects', 'pack', file));
    await writeFile(join(place, 'packed-refs'), `${commit} refs/heads/before\n`);
    await link(join(before, 'shallow'), join(place, 'shallow'));
  } catch {
    await rm(join(place, 'packed-refs'), { force: true });
  }
}

async function fetchInto(
  git: GitRunner,
  cwd: string,
  url: string,
  wanted: string,
  signal: AbortSignal,
): Promise<string> {
  const fetch = (depth: readonly string[]) => {
    const how = ['--quiet', '--no-tags', '--no-write-fetch-head', '--force', ...depth];
    return git.run(
      { cwd, args: ['fetch', ...how, '--end-of-options', url, `+${wanted}:${FETCHED}`] },
      signal,
    );
  };
  let fetched = await fetch(['--depth=1']);
  // A plain web server with files in it cannot leave out the history.
  if (fetched.code !== 0 && /dumb http|does not support .*shallow/i.test(fetched.stderr))
    fetched = await fetch([]);
  if (fetched.code !== 0) throw gitFailure('fetch', url, fetched.stderr);
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${FETCHED}^{commit}`];
  const { code, stdout, stderr } = await git.run({ cwd, args }, signal);
  if (code !== 0) throw gitFailure('rev-parse', url, stderr);
  return stdout.trim();
}

async function renameUnlessThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another process has fetched the same: its copy is as good.
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

const touch = (place: string): Promise<void> => {
  const now = new Date();
  return utimes(place, now, now).catch(() => undefined);
};

async function newestOf(own: string): Promise<string | undefined> {
  return (await byAge(own)).find(({ name }) => !name.startsWith(TEMPORARY))?.path;
}

async function prune(own: string): Promise<void> {
  const all = await byAge(own);
  const complete = all.filter(({ name }) => !name.startsWith(TEMPORARY)).slice(KEPT);
  const left = [...complete, ...all.filter(({ name }) => name.startsWith(TEMPORARY))];
  const old = left.filter(({ mtimeMs }) => Date.now() - mtimeMs > DAY_MS);
  await Promise.all(old.map(({ path }) => rm(path, { recursive: true, force: true })));
}

async function byAge(own: string): Promise<{ name: string; path: string; mtimeMs: number }[]> {
  const names = await readdir(own);
  const found = await Promise.all(
    names.map(async name => {
      const path = join(own, name);
      const mtimeMs = await stat(path).then(
        file => file.mtimeMs,
        () => 0,
      );
      return { name, path, mtimeMs };
    }),
  );
  return found.sort((a, b) => b.mtimeMs - a.mtimeMs);
}
