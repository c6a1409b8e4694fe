import { checkAccess, isAllowed, mayChange, type Credentials } from './access.ts';
import type { Disk } from './disk.ts';
import { FileError, type FileErrorCode } from './file-error.ts';
import {
  emptyDirectory,
  pathOf,
  segmentsOf,
  type DirectoryInode,
  type FileInode,
  type Inode,
  type Segments,
} from './inode.ts';

/**
 * The files of a machine as one user sees them. Paths are absolute. Every function throws FileError with what
 * Linux would answer.
 */
export interface FileSystem {
  /** What stands there; a symbolic link at the end is followed unless said otherwise. */
  stat(path: string, follow?: boolean): Inode;
  /** The same, or undefined where there is nothing to find. */
  find(path: string, follow?: boolean): Inode | undefined;
  /** The path without symbolic links; only its last name may be missing. */
  realPath(path: string): string;
  read(path: string): Uint8Array;
  /** Replaces the content, or adds to it; makes the file with `mode` when there is none. */
  write(path: string, data: Uint8Array, options?: { append?: boolean; mode?: number }): void;
  /** The names in a directory, sorted as bytes. */
  list(path: string): string[];
  makeDirectory(path: string, mode?: number): void;
  /** Removes a file or link, or an empty directory when that is said. */
  remove(path: string, kind: 'file' | 'directory'): void;
  /** Takes the place of a file or an empty directory there, in one step. */
  rename(from: string, to: string): void;
  link(target: string, path: string): void;
  changeMode(path: string, mode: number): void;
  /** Only root may give files away. */
  changeOwner(path: string, uid: number | undefined, gid: number | undefined, follow?: boolean): void;
  /** Sets the time of the last change, and makes an empty file where there is none. */
  touch(path: string, modified?: number): void;
}

const MAX_LINKS = 40;

interface Found {
  readonly segments: Segments;
  readonly inode: Inode | undefined;
}

/** `now` stamps what is changed. */
export function createFileSystem(disk: Disk, who: Credentials, now: () => number): FileSystem {
  /** What is there, or the error; not thrown, because to look for what is missing is nothing special. */
  function lookUp(path: string, follow: boolean): Found | FileErrorCode {
    let pending = segmentsOf(path);
    let done: string[] = [];
    let links = 0;
    let inode: Inode | undefined = disk.get([]);
    while (pending.length > 0) {
      const [name, ...rest] = pending as [string, ...string[]];
      if (inode === undefined) return 'ENOENT';
      if (inode.type !== 'directory') return 'ENOTDIR';
      if (!isAllowed(inode, who, 'execute')) return 'EACCES';
      const segments = name === '..' ? done.slice(0, -1) : [...done, name];
      inode = disk.get(segments);
      pending = rest;
      if (inode?.type === 'link' && (rest.length > 0 || follow)) {
        if (++links > MAX_LINKS) return 'ELOOP';
        pending = [...segmentsOf(inode.target), ...rest];
        if (inode.target.startsWith('/')) done = [];
        inode = disk.get(done);
      } else done = segments;
    }
    if (path.endsWith('/') && inode !== undefined && inode.type !== 'directory') return 'ENOTDIR';
    return { segments: done, inode };
  }

  const resolve = (path: string, follow: boolean): Found => {
    const found = lookUp(path, follow);
    if (typeof found === 'string') throw new FileError(found);
    return found;
  };
  const stat = (path: string, follow = true): Inode => {
    const { inode } = resolve(path, follow);
    if (inode === undefined) throw new FileError('ENOENT');
    return inode;
  };
  const parentOf = (segments: Segments): DirectoryInode => disk.get(segments.slice(0, -1)) as DirectoryInode;
  /** A new or gone entry changes the time of the directory too. */
  const putEntry = (segments: Segments, inode: Inode | undefined): void => {
    const parent = segments.slice(0, -1);
    checkAccess(parentOf(segments), who, 'write');
    disk.put(segments, inode);
    disk.put(parent, { ...(disk.get(parent) as DirectoryInode), modified: now() });
  };
  const owned = { uid: who.uid, gid: who.gid };
  const create = (segments: Segments, inode: Inode): void => {
    if (segments.length === 0) throw new FileError('EEXIST');
    putEntry(segments, inode);
  };
  const change = (path: string, follow: boolean, changed: (inode: Inode) => Inode): void => {
    const { segments, inode } = resolve(path, follow);
    if (inode === undefined) throw new FileError('ENOENT');
    if (!mayChange(inode, who)) throw new FileError('EPERM');
    disk.put(segments, changed(inode));
  };

  const fileSystem: FileSystem = {
    stat,
    find: (path, follow = true) => {
      const found = lookUp(path, follow);
      return typeof found === 'string' ? undefined : found.inode;
    },
    realPath: path => pathOf(resolve(path, true).segments),
    read(path) {
      const inode = stat(path);
      if (inode.type === 'directory') throw new FileError('EISDIR');
      checkAccess(inode, who, 'read');
      // Files are read whole, and the other devices have no end.
      if (inode.type === 'device' && inode.device !== 'null') throw new FileError('EOPNOTSUPP');
      return inode.type === 'file' ? inode.data : new Uint8Array();
    },
    write(path, data, { append = false, mode = 0o666 & ~who.umask } = {}) {
      const { segments, inode } = resolve(path, true);
      if (path.endsWith('/') || inode?.type === 'directory') throw new FileError('EISDIR');
      // An empty file needs an entry only, and a full disk has room for that.
      const before = inode?.type === 'file' && !append ? inode.data.length : 0;
      if (data.length > before && !disk.hasRoom(segments)) throw new FileError('ENOSPC');
      if (inode === undefined)
        return create(segments, { type: 'file', data, mode, ...owned, modified: now() });
      checkAccess(inode, who, 'write');
      if (inode.type === 'device') return writeDevice(inode.device, data);
      const whole = append ? Buffer.concat([(inode as FileInode).data, data]) : data;
      disk.put(segments, { ...(inode as FileInode), data: whole, modified: now() });
    },
    list(path) {
      const inode = stat(path);
      if (inode.type !== 'directory') throw new FileError('ENOTDIR');
      checkAccess(inode, who, 'read');
      return [...inode.entries.keys()].sort();
    },
    makeDirectory(path, mode = 0o777 & ~who.umask) {
      const { segments, inode } = resolve(path, false);
      if (inode !== undefined) throw new FileError('EEXIST');
      if (!disk.hasRoom(segments)) throw new FileError('ENOSPC');
      create(segments, { ...emptyDirectory(mode, now()), ...owned });
    },
    remove(path, kind) {
      const { segments, inode } = resolve(path, false);
      if (inode === undefined) throw new FileError('ENOENT');
      if (kind === 'file' && inode.type === 'directory') throw new FileError('EISDIR');
      if (kind === 'directory') checkEmpty(inode);
      if (segments.length === 0 || disk.mounts.has(pathOf(segments))) throw new FileError('EBUSY');
      checkSticky(parentOf(segments), inode, who);
      putEntry(segments, undefined);
    },
    rename(from, to) {
      const source = resolve(from, false);
      const target = resolve(to, false);
      if (source.inode === undefined) throw new FileError('ENOENT');
      if (pathOf(target.segments).startsWith(`${pathOf(source.segments)}/`)) throw new FileError('EINVAL');
      if (pathOf(target.segments) === pathOf(source.segments)) return;
      checkReplaceable(source.inode, target.inode);
      checkAccess(parentOf(target.segments), who, 'write');
      putEntry(source.segments, undefined);
      putEntry(target.segments, source.inode);
    },
    link(target, path) {
      const { segments, inode } = resolve(path, false);
      if (inode !== undefined) throw new FileError('EEXIST');
      create(segments, { type: 'link', target, mode: 0o777, ...owned, modified: now() });
    },
    changeMode: (path, mode) => change(path, true, inode => ({ ...inode, mode })),
    changeOwner(path, uid, gid, follow = true) {
      if (who.uid !== 0) throw new FileError('EPERM');
      change(path, follow, inode => ({ ...inode, uid: uid ?? inode.uid, gid: gid ?? inode.gid }));
    },
    touch(path, modified = now()) {
      if (fileSystem.find(path) === undefined) fileSystem.write(path, new Uint8Array());
      change(path, true, inode => ({ ...inode, modified }));
    },
  };
  return fileSystem;
}

function writeDevice(device: string, data: Uint8Array): void {
  if (device === 'full' && data.length > 0) throw new FileError('ENOSPC');
}

function checkEmpty(inode: Inode): void {
  if (inode.type !== 'directory') throw new FileError('ENOTDIR');
  if (inode.entries.size > 0) throw new FileError('ENOTEMPTY');
}

/** In /tmp only its owner removes a file. */
function checkSticky(parent: DirectoryInode, inode: Inode, who: Credentials): void {
  const isOwner = who.uid === 0 || who.uid === inode.uid || who.uid === parent.uid;
  if ((parent.mode & 0o1000) !== 0 && !isOwner) throw new FileError('EPERM');
}

function checkReplaceable(source: Inode, target: Inode | undefined): void {
  if (target === undefined) return;
  if (source.type === 'directory') checkEmpty(target);
  else if (target.type === 'directory') throw new FileError('EISDIR');
}
