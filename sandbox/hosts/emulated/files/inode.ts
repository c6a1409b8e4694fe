// The tree of files of a machine is immutable: to change a file is to make new directories from it up to the
// root, and everything else is shared. So a thousand machines share one base, a snapshot is a reference, and
// what changed is found by comparing references.

interface Attributes {
  /** The permission bits, as chmod has them. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

export interface FileInode extends Attributes {
  readonly type: 'file';
  readonly data: Uint8Array;
}

export interface DirectoryInode extends Attributes {
  readonly type: 'directory';
  readonly entries: ReadonlyMap<string, Inode>;
}

export interface LinkInode extends Attributes {
  readonly type: 'link';
  readonly target: string;
}

/** `null`, `zero` and `full` are those of Linux; any other name is a volume's block device. */
export interface DeviceInode extends Attributes {
  readonly type: 'device';
  readonly device: string;
}

export type Inode = FileInode | DirectoryInode | LinkInode | DeviceInode;

/** The names from the root down to a file, none of them `.`, `..` or empty. */
export type Segments = readonly string[];

export const segmentsOf = (path: string): string[] =>
  path.split('/').filter(name => name !== '' && name !== '.');

export const pathOf = (segments: Segments): string => `/${segments.join('/')}`;

export const emptyDirectory = (mode = 0o755, modified = 0): DirectoryInode => ({
  type: 'directory',
  mode,
  uid: 0,
  gid: 0,
  modified,
  entries: new Map(),
});

/** What stands at `segments`; symbolic links are not followed. */
export function inodeAt(root: Inode, segments: Segments): Inode | undefined {
  let inode: Inode | undefined = root;
  for (const name of segments) {
    if (inode?.type !== 'directory') return undefined;
    inode = inode.entries.get(name);
  }
  return inode;
}

/** The tree with `inode` at `segments`, or nothing there; the directory it stands in must exist. */
export function withInode(
  root: DirectoryInode,
  segments: Segments,
  inode: Inode | undefined,
): DirectoryInode {
  const [name, ...rest] = segments;
  if (name === undefined) return inode as DirectoryInode;
  const entries = new Map(root.entries);
  const child = rest.length === 0 ? inode : withInode(entries.get(name) as DirectoryInode, rest, inode);
  if (child === undefined) entries.delete(name);
  else entries.set(name, child);
  return { ...root, entries };
}

/** Bytes in all files. */
export function sizeOf(inode: Inode): number {
  if (inode.type === 'file') return inode.data.length;
  if (inode.type !== 'directory') return 0;
  let size = 0;
  for (const child of inode.entries.values()) size += sizeOf(child);
  return size;
}
