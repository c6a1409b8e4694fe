import { isFileError } from '../files/file-error.ts';
import type { Process } from '../model.ts';
import { absolutePath, fail } from '../shell/process.ts';
import { readAll } from '../shell/streams.ts';

/** A file that a program reads: its name as given, and what is in it. */
export interface Content {
  readonly name: string;
  readonly data: Buffer;
}

/**
 * The files that the operands name, or standard input for `-` and for none at all. Those that cannot be read are
 * complained about; `failed` says whether there were any.
 */
export async function readOperands(
  process: Process,
  operands: readonly string[],
): Promise<{ contents: Content[]; failed: boolean }> {
  const contents: Content[] = [];
  let failed = false;
  for (const name of operands.length === 0 ? ['-'] : operands) {
    const data = await readOperand(process, name);
    if (data === undefined) failed = true;
    else contents.push({ name, data });
  }
  return { contents, failed };
}

async function readOperand(process: Process, name: string): Promise<Buffer | undefined> {
  if (name === '-') return readAll(process.input);
  const data = await attempt(process, name, () => process.files.read(absolutePath(process, name)));
  return data && Buffer.from(data);
}

/** What `work` on a file returns; undefined when it fails, which is then said. */
export async function attempt<T>(process: Process, name: string, work: () => T): Promise<T | undefined> {
  try {
    return work();
  } catch (error) {
    if (!isFileError(error)) throw error;
    await fail(process, `${name}: ${error.message}`);
    return undefined;
  }
}

/** Works on each, and says for which that fails; resolves with the exit status. */
export async function attemptEach<T>(
  process: Process,
  items: readonly T[],
  naming: (item: T) => string,
  work: (item: T) => void,
): Promise<number> {
  let status = 0;
  for (const item of items) {
    const isDone = await attempt(process, naming(item), () => {
      work(item);
      return true;
    });
    if (isDone === undefined) status = 1;
  }
  return status;
}

/** The lines of a text; a newline at its end begins no other. */
export function linesOf(data: Buffer): string[] {
  const lines = data.toString().split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
