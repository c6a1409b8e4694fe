import {
  inodeAt,
  pathOf,
  segmentsOf,
  withInode,
  type DirectoryInode,
  type Inode,
  type Segments,
} from './inode.ts';

/** Something with a tree of files: a volume. */
export interface Mountable {
  root: DirectoryInode;
}

/** All that a machine sees under `/`. */
export interface Disk {
  root(): DirectoryInode;
  /** Puts another tree in the place of all files; mounts go on. */
  replace(root: DirectoryInode): void;
  get(segments: Segments): Inode | undefined;
  put(segments: Segments, inode: Inode | undefined): void;
  readonly mounts: ReadonlyMap<string, Mountable>;
  mount(path: string, volume: Mountable): void;
  unmount(path: string): void;
  /** Whether more can be written there. */
  hasRoom(segments: Segments): boolean;
  /** Whether there is no room left but on volumes and in memory. */
  isFull: boolean;
}

/** Trees that are memory on a real machine, and so have room on a full disk. */
const MEMORY = new Set(['dev', 'proc', 'run', 'sys']);

export function createDisk(initial: DirectoryInode): Disk {
  let root = initial;
  const mounts = new Map<string, Mountable>();
  /** The volume that `segments` lie in, and the way from its root. */
  const find = (segments: Segments): { volume: Mountable | undefined; rest: Segments } => {
    for (let depth = mounts.size === 0 ? 0 : segments.length; depth > 0; depth--) {
      const volume = mounts.get(pathOf(segments.slice(0, depth)));
      if (volume !== undefined) return { volume, rest: segments.slice(depth) };
    }
    return { volume: undefined, rest: segments };
  };
  const disk: Disk = {
    root: () => root,
    replace: next => void (root = next),
    get(segments) {
      const { volume, rest } = find(segments);
      return inodeAt(volume?.root ?? root, rest);
    },
    put(segments, inode) {
      const { volume, rest } = find(segments);
      if (volume === undefined) root = withInode(root, rest, inode);
      else volume.root = withInode(volume.root, rest, inode);
    },
    mounts,
    mount: (path, volume) => void mounts.set(pathOf(segmentsOf(path)), volume),
    unmount: path => void mounts.delete(pathOf(segmentsOf(path))),
    hasRoom: segments => !disk.isFull || find(segments).volume !== undefined || MEMORY.has(segments[0] ?? ''),
    isFull: false,
  };
  return disk;
}
