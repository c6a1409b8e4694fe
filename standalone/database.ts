import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { backup, DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { ApiError } from './api-error.ts';

/** What a write did, as the journal keeps it: the state before it, from which any past state follows. */
export interface JournalRow {
  version: number;
  kind: string;
  key: string;
  /** The object before, as JSON; null when there was none. */
  previous: string | null;
}

/** Everything that a database holds. `floors` says up to which version the journal has forgotten each kind. */
export interface Stored {
  objects: { kind: string; key: string; body: string }[];
  journal: JournalRow[];
  floors: Map<string, number>;
}

/** In place of a kind among the floors: that version is before all that the journal ever held. */
export const ANY_KIND = '';
/** In the header of the file, it tells whose database it is: "drop". */
export const APPLICATION_ID = 0x64726f70;
/** The names of the files in its directory. */
export const DATABASE_FILE = 'standalone.db';
const PID_FILE = 'standalone.pid';
/**
 * Each brings the schema from the version that is its index to the next; a new file goes through all of them.
 * What was released is never edited, only added to.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE objects (kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key))
     WITHOUT ROWID;
   CREATE TABLE journal (version INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, type TEXT NOT NULL,
     previous TEXT);
   CREATE TABLE floors (kind TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
   PRAGMA application_id = ${APPLICATION_ID}`,
  // What a write did follows from the states before and after it.
  'ALTER TABLE journal DROP COLUMN type',
];
/** How long a backup that begins or ends may be waited for. */
const MOST_MS_BUSY = 1_000;
const MEBIBYTES_OF_WAL_KEPT = 16;

/** SQLite's primary result codes that are told apart here. */
const BUSY = 5;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;

/**
 * The one file that everything is kept in. A commit is on the disk when `write` returns. One process has it open at a
 * time, though others may read what was committed.
 */
export class Database {
  readonly #lock: DatabaseSync;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * Opens or creates the database of that directory; `now` is in milliseconds. Throws a DatabaseError when the file is
   * damaged, newer than this program, or held by another process.
   */
  constructor(directory: string, now: number) {
    const file = join(directory, DATABASE_FILE);
    this.#lock = openPrivately(join(directory, 'standalone.lock'));
    try {
      // Of the operating system, so a killed process leaves no stale lock behind.
      this.#lock.exec('BEGIN EXCLUSIVE');
      this.#database = openMigrated(file, now);
      writeFileSync(join(directory, PID_FILE), `${process.pid}\n`, { mode: 0o600 });
    } catch (error) {
      this.#lock.close();
      throw explain(error, file, 'cannot be opened');
    }
  }

  /** Everything that is stored. */
  load(): Stored {
    return loadAll(this.#database);
  }

  /** Changes in one transaction: for each the journal row, and the object's new text or (null) its removal. */
  write(changes: readonly { row: JournalRow; body: string | null }[]): void {
    this.#transaction(run => {
      for (const { row, body } of changes) {
        const { version, kind, key, previous } = row;
        run(
          'INSERT INTO journal (version, kind, key, previous) VALUES (?, ?, ?, ?)',
          version,
          kind,
          key,
          previous,
        );
        if (body === null) run('DELETE FROM objects WHERE kind = ? AND key = ?', kind, key);
        else run('INSERT OR REPLACE INTO objects (kind, key, body) VALUES (?, ?, ?)', kind, key, body);
      }
    });
  }

  /** Forgets the journal up to and with that version, remembering per kind how far. */
  compact(upTo: number): void {
    this.#transaction(run => {
      run(
        `INSERT OR REPLACE INTO floors (kind, version)
         SELECT kind, max(version) FROM journal WHERE version <= ? GROUP BY kind`,
        upTo,
      );
      run('DELETE FROM journal WHERE version <= ?', upTo);
    });
  }

  /**
   * Makes every version that a client may know too old, so that it lists again, and goes on from that one. Not for
   * the database of a store that is in use.
   */
  restartAt(version: number): void {
    this.#transaction(run => {
      run('DELETE FROM journal');
      run('DELETE FROM floors');
      run('INSERT INTO floors (kind, version) VALUES (?, ?)', ANY_KIND, version);
    });
  }

  close(): void {
    this.#database.close();
    this.#lock.close();
  }

  #transaction(work: (run: (sql: string, ...values: SQLInputValue[]) => void) => void): void {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      work((sql, ...values) => void this.#prepare(sql).run(...values));
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      const isFull = resultCode(error) === FULL;
      const failure = `the database cannot be written (${(error as Error).message})`;
      const why = isFull ? 'the disk is full; make room and try again' : failure;
      throw new ApiError(507, 'InternalError', `Nothing was stored, because ${why}.`);
    }
  }

  #prepare(sql: string): StatementSync {
    const statement = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function loadAll(database: DatabaseSync): Stored {
  const all = <T>(sql: string): T[] => database.prepare(sql).all() as T[];
  const floors = all<{ kind: string; version: number }>('SELECT kind, version FROM floors');
  return {
    objects: all('SELECT kind, key, body FROM objects'),
    journal: all('SELECT version, kind, key, previous FROM journal ORDER BY version'),
    floors: new Map(floors.map(({ kind, version }) => [kind, version])),
  };
}

/**
 * What the database of that directory holds, whoever has it open: no lock is taken and no file is made. Undefined when
 * there is none. Throws a DatabaseError when it is damaged, or newer than this program.
 */
export function readStored(directory: string): Stored | undefined {
  const file = join(directory, DATABASE_FILE);
  if (!existsSync(file)) return undefined;
  let database: DatabaseSync | undefined;
  try {
    database = openToRead(file);
    if (Number(pragma(database, 'user_version')) > MIGRATIONS.length)
      throw unusable(file, 'was written by a newer dropfleet');
    database.exec('BEGIN');
    return loadAll(database);
  } catch (error) {
    throw explain(error, file, 'cannot be read');
  } finally {
    database?.close();
  }
}

/** SQLite would make files beside one that was closed in order, were it not told that nobody changes it. */
function openToRead(file: string): DatabaseSync {
  const url = pathToFileURL(file);
  if (!existsSync(`${file}-wal`)) url.searchParams.set('immutable', '1');
  return new DatabaseSync(url, { readOnly: true, timeout: MOST_MS_BUSY });
}

/** Copies a database, which may be in use, to an empty file, as it is at some moment. */
export async function copyDatabase(file: string, copy: string): Promise<void> {
  const database = new DatabaseSync(file, { timeout: MOST_MS_BUSY });
  try {
    requireIntact(database, file);
    // In one step: it would start over whenever the server has written between two.
    await backup(database, copy, { rate: 2 ** 31 - 1 });
  } finally {
    database.close();
  }
}

/** SQLite would make it readable by all; it holds Secrets. The -wal file gets the same mode. */
function openPrivately(file: string, timeout = 0): DatabaseSync {
  closeSync(openSync(file, 'a', 0o600));
  return new DatabaseSync(file, { timeout });
}

function openMigrated(file: string, now: number): DatabaseSync {
  const database = openPrivately(file, MOST_MS_BUSY);
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec(`PRAGMA journal_size_limit = ${MEBIBYTES_OF_WAL_KEPT * 1024 * 1024}`);
    database.exec('BEGIN IMMEDIATE');
    migrate(database, file, now);
    database.exec('COMMIT');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function migrate(database: DatabaseSync, file: string, now: number): void {
  const version = Number(pragma(database, 'user_version'));
  const isNew = version === 0 && pragma(database, 'schema_version') === 0;
  if (!isNew && pragma(database, 'application_id') !== APPLICATION_ID)
    throw unusable(file, 'is not a dropfleet database');
  if (version > MIGRATIONS.length) throw unusable(file, 'was written by a newer dropfleet');
  requireIntact(database, file);
  for (const [i, migration] of MIGRATIONS.entries()) {
    if (i >= version) database.exec(`${migration}; PRAGMA user_version = ${i + 1}`);
  }
  // Versions start at the time, so that a client that knows versions of a database that was thrown away is told
  // that they are gone, instead of being given the wrong changes.
  if (isNew) database.prepare('INSERT INTO floors VALUES (?, ?)').run(ANY_KIND, Math.trunc(now));
}

const pragma = (database: DatabaseSync, name: string): unknown =>
  Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];

function requireIntact(database: DatabaseSync, file: string): void {
  try {
    if (pragma(database, 'quick_check') === 'ok') return;
  } catch (error) {
    throw explain(error, file, 'cannot be read');
  }
  throw unusable(file, 'is damaged');
}

/** The database cannot be used; the message is a sentence for a person, and `why` goes on after a file's name. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly why: string;

  constructor(file: string, why: string, advice: string, cause?: unknown) {
    super(`${file} ${why}${advice}.`, { cause });
    this.why = why;
  }
}

/** Another process holds the database. */
export class DatabaseInUse extends DatabaseError {}

/** What to tell a person whose database cannot be used. */
export const unusable = (file: string, why: string, cause?: unknown): DatabaseError =>
  new DatabaseError(
    file,
    why,
    ': restore a backup with "dropfleet standalone restore FILE", or move it away together with its -wal file to start empty',
    cause,
  );

/** The same for what went wrong with a file, which for unknown reasons `why`. */
export function explain(error: unknown, file: string, why: string): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const code = resultCode(error);
  if ([CORRUPT, NOT_A_DATABASE].includes(code)) return unusable(file, 'is damaged', error);
  if (code !== BUSY) return new DatabaseError(file, why, `: ${(error as Error).message}`, error);
  const pidFile = join(dirname(file), PID_FILE);
  const pid = existsSync(pidFile) ? ` (pid ${readFileSync(pidFile, 'utf8').trim()})` : '';
  const holder = `is in use by another dropfleet${pid}`;
  return new DatabaseInUse(file, holder, ': stop that one, or give another state directory');
}

const resultCode = (error: unknown): number =>
  typeof error === 'object' && error !== null && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
