import { rm, writeFile } from 'node:fs/promises';
import { readIfPresent } from '../../read-if-present.ts';
import { StateFileError, unwritable } from './journal.ts';

/** Gives the lock back. */
export type Release = () => Promise<void>;

/** Another process that lives holds the state file. */
export class StateFileInUse extends StateFileError {}

/**
 * Keeps two sandboxes from writing one state file. The lock names a process; one that is dead, killed or of
 * before a restart, holds nothing any more. Rejects with StateFileInUse while another one lives, with StateFileError where nothing can be written.
 */
export async function lockStateFile(file: string): Promise<Release> {
  const lock = `${file}.lock`;
  while (!(await takeLock(file, lock))) {
    const owner = await ownerOf(lock);
    if (owner !== undefined && owner !== process.pid && isAlive(owner))
      throw new StateFileInUse(
        `The sandbox's state file ${file} is in use by process ${owner}; ` +
          `stop it, or delete ${lock} if that is no sandbox.`,
      );
    await rm(lock, { force: true });
  }
  return () => rm(lock, { force: true });
}

/** Whether the lock was free; of two that try at once only one gets it. */
async function takeLock(file: string, lock: string): Promise<boolean> {
  try {
    await writeFile(lock, `${process.pid}\n`, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // On a full disk it is there by now, and names nobody.
    await rm(lock, { force: true });
    throw unwritable(file, error);
  }
}

async function ownerOf(lock: string): Promise<number | undefined> {
  return Number(await readIfPresent(lock)) || undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
