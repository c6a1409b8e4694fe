import { open, readFile, rename, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isChange, type Change } from './state.ts';

// A state file is a line that says what it is, and then one line of JSON for each transaction: a list of
// changes. A line counts once its newline is there, so a process that is killed half-way through a line loses
// only a change that it never confirmed.
const HEADER = '{"dropfleetSandbox":1}';

/** Transactions after which the file is written anew, holding only what is alive. */
const COMPACT_AFTER = 10_000;

/** The state file is damaged, is none of the sandbox's, or is in use. It was not touched. */
export class StateFileError extends Error {
  override readonly name = 'StateFileError';
}

/** Where transactions are written down. */
export interface Journal {
  /** Queues a transaction; many that wait together are written together. */
  append(changes: readonly Change[]): void;
  /** Resolves when all that was appended is durable; rejects once the file could not be written. */
  flushed(): Promise<void>;
  /** Waits for what was appended; what is appended later is refused. */
  close(): Promise<void>;
}

/** What a state file holds. Rejects with StateFileError for one that is damaged; a missing one is empty. */
export async function readJournal(file: string): Promise<Change[]> {
  const text = await readIfPresent(file);
  if (text === undefined) return [];
  const lines = text.split('\n');
  // What follows the last newline is nothing, or a line that was never confirmed.
  lines.pop();
  if (lines[0] !== HEADER) throw damaged(file, 1);
  return lines.slice(1).flatMap((line, index) => parseLine(file, line, index + 2));
}

async function readIfPresent(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseLine(file: string, line: string, number: number): Change[] {
  const changes = parseJson(line);
  if (!Array.isArray(changes) || !changes.every(isChange)) throw damaged(file, number);
  return changes;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const damaged = (file: string, line: number): StateFileError =>
  new StateFileError(
    `The sandbox's state file ${file} is damaged at line ${line}; ` +
      'to start afresh, move it away or delete it, and start again.',
  );

/**
 * Writes `file` anew with what `snapshot` returns, and appends to it from then on. `snapshot` must include
 * every transaction that was appended before it is called.
 */
export async function openJournal(file: string, snapshot: () => readonly Change[]): Promise<Journal> {
  let handle = await rewrite(file, snapshot());
  let queue: string[] = [];
  let appended = 0;
  let isClosed = false;
  let writing: Promise<void> = Promise.resolve();

  async function writeQueue(): Promise<void> {
    if (queue.length === 0) return;
    // Requests may still be under way, but the file may have its next owner.
    if (isClosed) throw new Error('the state file is closed');
    const batch = queue;
    queue = [];
    appended += batch.length;
    if (appended < COMPACT_AFTER) {
      await handle.appendFile(batch.join(''));
      return handle.datasync();
    }
    appended = 0;
    const changes = snapshot();
    await handle.close();
    handle = await rewrite(file, changes);
  }

  // A write that failed fails all that come after it: memory is ahead of the file from then on.
  const flushed = (): Promise<void> => {
    if (queue.length > 0) writing = writing.then(writeQueue);
    return writing;
  };
  return {
    append: changes => void queue.push(`${JSON.stringify(changes)}\n`),
    flushed,
    async close() {
      try {
        await flushed();
      } finally {
        isClosed = true;
        await handle.close();
      }
    },
  };
}

/** The new file takes the old one's place only when it is whole and durable. */
async function rewrite(file: string, changes: readonly Change[]): Promise<FileHandle> {
  const temporary = `${file}.new`;
  const handle = await open(temporary, 'w', 0o600);
  const lines = changes.map(change => `${JSON.stringify([change])}\n`);
  await handle.appendFile(`${HEADER}\n${lines.join('')}`);
  await handle.datasync();
  await rename(temporary, file);
  await syncDirectory(dirname(file));
  return handle;
}

/** Makes a rename durable. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
