import { emptyDirectory, inodeAt, withInode, segmentsOf, type DirectoryInode, type Inode } from './inode.ts';

/** What stands at a path now, or that nothing does. A directory's entries are changes of their own. */
export type FileChange = readonly [path: string, inode: Inode | null];

/** What turns `before` into `after`, in an order that can be applied. What both share costs nothing. */
export function changesBetween(before: DirectoryInode, after: DirectoryInode, path = ''): FileChange[] {
  const changes: FileChange[] = [];
  for (const name of before.entries.keys())
    if (!after.entries.has(name)) changes.push([`${path}/${name}`, null]);
  for (const [name, inode] of after.entries)
    changes.push(...changesOf(before.entries.get(name), inode, `${path}/${name}`));
  return changes;
}

function changesOf(before: Inode | undefined, after: Inode, path: string): FileChange[] {
  if (before === after) return [];
  if (after.type !== 'directory') return [[path, after]];
  const old = before?.type === 'directory' ? before : undefined;
  const own: FileChange[] =
    old !== undefined && hasSameAttributes(old, after) ? [] : [[path, withoutEntries(after)]];
  return [...own, ...changesBetween(old ?? emptyDirectory(), after, path)];
}

const withoutEntries = (directory: DirectoryInode): DirectoryInode => ({ ...directory, entries: new Map() });

const hasSameAttributes = (a: DirectoryInode, b: DirectoryInode): boolean =>
  a.mode === b.mode && a.uid === b.uid && a.gid === b.gid && a.modified === b.modified;

/** The tree after the changes. */
export function applyChanges(root: DirectoryInode, changes: readonly FileChange[]): DirectoryInode {
  let changed = root;
  for (const [path, inode] of changes) {
    const segments = segmentsOf(path);
    changed = withInode(
      changed,
      segments,
      inode === null ? undefined : keepEntries(inodeAt(changed, segments), inode),
    );
  }
  return changed;
}

const keepEntries = (old: Inode | undefined, inode: Inode): Inode =>
  inode.type === 'directory' && old?.type === 'directory' ? { ...inode, entries: old.entries } : inode;
