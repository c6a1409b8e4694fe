import { FileError } from './file-error.ts';
import type { Inode } from './inode.ts';

/** Who asks the kernel for something. */
export interface Credentials {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** Bits that new files do not get. */
  umask: number;
}

/** The kernel itself, and everything that root starts at boot. */
export const rootCredentials = (): Credentials => ({ uid: 0, gid: 0, groups: [0], umask: 0o022 });

const BITS = { read: 4, write: 2, execute: 1 };

/** Whether the permission bits let them; root may do everything but run what nobody may. */
export function isAllowed(inode: Inode, who: Credentials, what: keyof typeof BITS): boolean {
  const bit = BITS[what];
  if (who.uid === 0) return what !== 'execute' || inode.type === 'directory' || (inode.mode & 0o111) !== 0;
  if (who.uid === inode.uid) return ((inode.mode >> 6) & bit) !== 0;
  if (who.groups.includes(inode.gid)) return ((inode.mode >> 3) & bit) !== 0;
  return (inode.mode & bit) !== 0;
}

/** Throws FileError EACCES when the permission bits do not let them. */
export function checkAccess(inode: Inode, who: Credentials, what: keyof typeof BITS): void {
  if (!isAllowed(inode, who, what)) throw new FileError('EACCES');
}

/** Whether they may change mode and times. */
export const mayChange = (inode: Inode, who: Credentials): boolean => who.uid === 0 || who.uid === inode.uid;
