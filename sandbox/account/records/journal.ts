import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readIfPresent } from '../../read-if-present.ts';
import { isChange, type Change } from './state.ts';

// A state file is a line that says what it is, and then one line of JSON for each transaction: a list of
// changes. A line counts once its newline is there, so a process that is killed half-way through a line loses
// only a change that it never confirmed.
const HEADER = '{"dropfleetSandbox":1}';

/** Transactions after which the file is rewritten, holding only what is alive. */
const COMPACT_AFTER = 10_000;

/** The state file is damaged, is none of the sandbox's, or is in use. It was not touched. */
export class StateFileError extends Error {
  override readonly name = 'StateFileError';
}

/** Where transactions are written down. */
export interface Journal {
  /** Queues a transaction; many that wait together are written together. */
  append(changes: readonly Change[]): void;
  /**
   * Resolves when all that was appended is durable. Rejects with StateFileError when it cannot be written; it
   * stays queued, and the next call tries again, so that the file catches up once it can be written.
   */
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
 * Rewrites `file` with what `snapshot` returns, and appends to it from then on. `snapshot` must include
 * every transaction that was appended before it is called. Rejects with StateFileError when it cannot be written,
 * and leaves it as it is.
 */
export async function openJournal(file: string, snapshot: () => readonly Change[]): Promise<Journal> {
  let whole = await rewrite(file, snapshot()).catch((error: unknown) => {
    throw unwritable(file, error);
  });
  await syncDirectory(dirname(file));
  let queue: string[] = [];
  let appended = 0;
  let isClosed = false;
  let writing: Promise<void> = Promise.resolve();

  async function writeQueue(): Promise<void> {
    if (queue.length === 0) return;
    // Requests may still be under way, but the file may have its next owner.
    if (isClosed) throw new Error('the state file is closed');
    // Where there is no room for a second copy, the first still grows.
    if (appended + queue.length >= COMPACT_AFTER && (await tryToCompact())) return;
    const batch = [...queue];
    const end = await writeAt(whole, batch.join(''));
    whole = { ...whole, end };
    appended += batch.length;
    queue = queue.slice(batch.length);
  }

  async function tryToCompact(): Promise<boolean> {
    const { length } = queue;
    const before = whole.handle;
    appended = 0;
    const renewed = await rewrite(file, snapshot()).catch(() => undefined);
    if (renewed === undefined) return false;
    whole = renewed;
    await before.close();
    await syncDirectory(dirname(file));
    queue = queue.slice(length);
    return true;
  }

  // After a failure memory is ahead of the file until a later call has written what is still queued.
  const flushed = (): Promise<void> => {
    if (queue.length > 0) writing = writing.catch(() => undefined).then(writeQueue);
    return writing.catch((error: unknown) => {
      throw unwritable(file, error);
    });
  };
  return {
    append: changes => void queue.push(`${JSON.stringify(changes)}\n`),
    flushed,
    async close() {
      try {
        await flushed();
      } finally {
        isClosed = true;
        await whole.handle.close();
      }
    },
  };
}

/** Why the state file, or its lock, cannot be written. */
export const unwritable = (file: string, cause: unknown): StateFileError =>
  new StateFileError(
    `The sandbox cannot write its state file ${file} (${(cause as Error).message}); ` +
      'make room for it or give it back, and everything goes on.',
    { cause },
  );

/** A file whose transactions are all confirmed up to `end`, in bytes. */
interface WholeFile {
  readonly handle: FileHandle;
  readonly end: number;
}

/**
 * Writes at the end and makes it durable; returns the new end. What an earlier attempt left behind it, half a
 * line, is overwritten: the file is cut off first.
 */
async function writeAt({ handle, end }: WholeFile, text: string): Promise<number> {
  const bytes = Buffer.from(text);
  await handle.truncate(end);
  for (let done = 0; done < bytes.length;)
    done += (await handle.write(bytes, done, bytes.length - done, end + done)).bytesWritten;
  await handle.datasync();
  return end + bytes.length;
}

/** The new file takes the old one's place only when it is whole; who calls makes the renaming durable. */
async function rewrite(file: string, changes: readonly Change[]): Promise<WholeFile> {
  const temporary = `${file}.new`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    const lines = changes.map(change => `${JSON.stringify([change])}\n`);
    const end = await writeAt({ handle, end: 0 }, `${HEADER}\n${lines.join('')}`);
    await rename(temporary, file);
    return { handle, end };
  } catch (error) {
    await handle.close();
    await rm(temporary, { force: true });
    throw error;
  }
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
