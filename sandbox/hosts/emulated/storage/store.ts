import { appendFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfPresent } from '../../../read-if-present.ts';
import { HostError } from '../../driver.ts';
import type { DirectoryInode } from '../files/inode.ts';
import { lineOf, readLines, type Kept } from './record.ts';

// One file for each machine, snapshot and volume: a line for everything that changed while a command ran, as
// against the files that all machines begin with. The line is written before the command's exit status is
// sent, so a kill -9 of this process loses nothing that anybody was told of. It is not synced to the disk: what
// a power cut takes from a rehearsal is made again. Files are of mode 0600, for they hold private keys.

export type Kind = 'host' | 'snapshot' | 'volume';

/** Keeps trees of files and facts from one life of the sandbox to the next. */
export interface Store {
  /** Of what kind there is what. */
  list(kind: Kind): Promise<string[]>;
  load<Facts>(kind: Kind, id: string | number): Promise<Kept<Facts> | undefined>;
  /** Rewrites a record. Rejects with HostError when it cannot be written, as `add` does. */
  save<Facts>(kind: Kind, id: string | number, kept: Kept<Facts>): Promise<void>;
  /** Adds what changed since `before`. */
  add<Facts>(kind: Kind, id: string | number, before: Kept<Facts>, after: Kept<Facts>): Promise<void>;
  remove(kind: Kind, id: string | number): Promise<void>;
}

const ENDING = '.jsonl';
const PRIVATE = 0o600;
/** A record of more bytes for so few files is mostly history, and is rewritten. */
const MAX_LINES = 200;

/** `bases` are the trees that records of each kind are written against. */
export async function openStore(
  folder: string,
  bases: Readonly<Record<Kind, DirectoryInode>>,
): Promise<Store> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fileOf = (kind: Kind, id: string | number): string => join(folder, `${kind}-${id}${ENDING}`);

  /** Those whose last line may be half there: nothing can be added to them. */
  const ragged = new Set<string>();

  async function save<Facts>(kind: Kind, id: string | number, kept: Kept<Facts>): Promise<void> {
    const file = fileOf(kind, id);
    const text = lineOf({ ...kept, root: bases[kind] }, kept, true)!;
    try {
      await writeFile(`${file}.new`, text, { mode: PRIVATE });
      await rename(`${file}.new`, file);
    } catch (error) {
      await rm(`${file}.new`, { force: true });
      throw unwritable(folder, error);
    }
    ragged.delete(file);
  }

  return {
    save,
    async list(kind) {
      const names = await readdir(folder);
      return names
        .filter(name => name.startsWith(`${kind}-`) && name.endsWith(ENDING))
        .map(name => name.slice(kind.length + 1, -ENDING.length));
    },
    async load<Facts>(kind: Kind, id: string | number) {
      const text = await readIfPresent(fileOf(kind, id));
      if (text === undefined) return undefined;
      const kept = readLines<Facts>(bases[kind], text);
      const isRagged = !text.endsWith('\n') || text.split('\n').length > MAX_LINES;
      if (kept !== undefined && isRagged) await save(kind, id, kept);
      return kept;
    },
    async add(kind, id, before, after) {
      const line = lineOf(before, after);
      if (line === undefined) return;
      const file = fileOf(kind, id);
      if (ragged.has(file)) return save(kind, id, after);
      try {
        await appendFile(file, line, { mode: PRIVATE });
      } catch (error) {
        ragged.add(file);
        throw unwritable(folder, error);
      }
    },
    async remove(kind, id) {
      await rm(fileOf(kind, id), { force: true });
      ragged.delete(fileOf(kind, id));
    },
  };
}

const unwritable = (folder: string, cause: unknown): HostError =>
  new HostError(
    `What emulated hosts have cannot be written to ${folder} (${(cause as Error).message}); ` +
      'make room for it or give it back, and everything goes on.',
  );
