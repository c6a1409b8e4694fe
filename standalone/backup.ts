import * as fs from 'node:fs';
import { join } from 'node:path';
import {
  Database,
  APPLICATION_ID,
  copyDatabase,
  DATABASE_FILE,
  DatabaseError,
  DatabaseInUse,
  explain,
} from './database.ts';
import { Store } from './store.ts';

/**
 * Copies the state in that directory to a new file, which only its owner can read; a server may be running there.
 * Rejects with a DatabaseError.
 */
export async function backUp(stateDir: string, file: string): Promise<void> {
  const database = join(stateDir, DATABASE_FILE);
  const unfinished = `${file}.unfinished`;
  try {
    if (fs.existsSync(file)) throw new DatabaseError(file, 'is there already', ': name a file that is not');
    if (!fs.existsSync(database))
      throw new DatabaseError(database, 'does not exist', ': there is nothing to back up');
    fs.writeFileSync(unfinished, '', { mode: 0o600 });
    await copyDatabase(database, unfinished);
    // Unlike a rename, this overwrites nothing that has come meanwhile.
    fs.linkSync(unfinished, file);
  } catch (error) {
    throw explain(error, file, 'cannot be written');
  } finally {
    fs.rmSync(unfinished, { force: true });
  }
}

/**
 * Puts a backup in the place of the state in that directory, where no server may be running. What was there is moved
 * into a folder beside it, whose path is returned. `now` is in milliseconds. Throws a DatabaseError, and then nothing
 * has changed.
 */
export function restore(stateDir: string, file: string, now: number): string | undefined {
  try {
    requireBackup(file);
    fs.mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const version = Math.max(now, lastVersion(stateDir, now) + 1);
    const folder = fs.mkdtempSync(join(stateDir, 'restoring-'));
    try {
      return swap(stateDir, prepare(folder, file, version));
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  } catch (error) {
    throw explain(error, file, 'cannot be restored');
  }
}

/** A file that is none of ours is not even opened: SQLite would make an empty one into a database. */
function requireBackup(file: string): void {
  const header = Buffer.alloc(72);
  const descriptor = fs.openSync(file, 'r');
  fs.readSync(descriptor, header);
  fs.closeSync(descriptor);
  const isOurs =
    header.toString('latin1', 0, 15) === 'SQLite format 3' && header.readUInt32BE(68) === APPLICATION_ID;
  if (!isOurs) throw new DatabaseError(file, 'is no backup of a standalone API', ': name another file');
}

/** The version of what is there; 0 when there is nothing, or nothing that can be read. Throws when it is in use. */
function lastVersion(stateDir: string, now: number): number {
  if (!fs.existsSync(join(stateDir, DATABASE_FILE))) return 0;
  try {
    const store = new Store(stateDir, now);
    store.close();
    return store.version;
  } catch (error) {
    if (error instanceof DatabaseInUse || !(error instanceof DatabaseError)) throw error;
    return 0;
  }
}

/** A copy in that folder that a server can start with. All of it is read, so that nothing damaged is taken. */
function prepare(folder: string, file: string, version: number): string {
  const copy = join(folder, DATABASE_FILE);
  fs.copyFileSync(file, copy);
  try {
    const database = new Database(folder, version);
    const store = new Store(folder, version, undefined, database);
    // What clients saw since the backup was made must not be mistaken for what is now.
    database.restartAt(Math.max(version, store.version + 1));
    store.close();
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    throw new DatabaseError(file, error.why, ': it was not restored, and nothing was changed', error);
  }
  fs.chmodSync(copy, 0o600);
  return copy;
}

/** There is a database in place at every moment: the old one is linked elsewhere before the new one replaces it. */
function swap(stateDir: string, fresh: string): string | undefined {
  const database = join(stateDir, DATABASE_FILE);
  const kept = fs.existsSync(database) ? fs.mkdtempSync(join(stateDir, 'before-restore-')) : undefined;
  if (kept !== undefined) {
    fs.linkSync(database, join(kept, DATABASE_FILE));
    for (const suffix of ['-wal', '-shm'].filter(suffix => fs.existsSync(database + suffix)))
      fs.renameSync(database + suffix, join(kept, DATABASE_FILE + suffix));
  }
  fs.renameSync(fresh, database);
  return kept;
}
