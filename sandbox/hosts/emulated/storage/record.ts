import { applyChanges, changesBetween, type FileChange } from '../files/changes.ts';
import type { DirectoryInode, Inode } from '../files/inode.ts';

/** What one line of a record says: files that changed, and facts that replace the ones before. */
interface RecordLine {
  readonly files: readonly (readonly [path: string, inode: StoredInode | null])[];
  readonly facts?: unknown;
}

/** An inode as JSON; a file's content in base64. */
type StoredInode = Omit<Inode, 'entries' | 'data'> & { readonly data?: string };

/** A tree of files and facts of its owner's kind. */
export interface Kept<Facts> {
  readonly root: DirectoryInode;
  readonly facts: Facts;
}

function storedInode(inode: Inode): StoredInode {
  if (inode.type === 'file') return { ...inode, data: Buffer.from(inode.data).toString('base64') };
  if (inode.type !== 'directory') return inode;
  const { entries: _entries, ...attributes } = inode;
  return attributes;
}

function inodeOf(stored: StoredInode): Inode {
  if (stored.type === 'file') return { ...stored, data: Buffer.from(stored.data!, 'base64') } as Inode;
  if (stored.type === 'directory') return { ...stored, entries: new Map() } as Inode;
  return stored as Inode;
}

/** The line that says what changed; undefined when nothing did. */
export function lineOf<Facts>(before: Kept<Facts>, after: Kept<Facts>, always = false): string | undefined {
  const files = changesBetween(before.root, after.root).map(
    ([path, inode]) => [path, inode === null ? null : storedInode(inode)] as const,
  );
  const hasNewFacts = always || before.facts !== after.facts;
  if (files.length === 0 && !hasNewFacts) return undefined;
  return `${JSON.stringify({ files, ...(hasNewFacts && { facts: after.facts }) } satisfies RecordLine)}\n`;
}

/** What the lines make of `base`; undefined when they hold no facts, and so no record. */
export function readLines<Facts>(base: DirectoryInode, text: string): Kept<Facts> | undefined {
  let root = base;
  let facts: Facts | undefined;
  // What follows the last newline was never confirmed.
  for (const text_ of text.split('\n').slice(0, -1)) {
    const line = JSON.parse(text_) as RecordLine;
    root = applyChanges(
      root,
      line.files.map(([path, inode]): FileChange => [path, inode && inodeOf(inode)]),
    );
    if (line.facts !== undefined) facts = line.facts as Facts;
  }
  return facts === undefined ? undefined : { root, facts };
}
