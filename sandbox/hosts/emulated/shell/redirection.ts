import { isFileError } from '../files/file-error.ts';
import type { Process } from '../model.ts';
import type { Expander } from './expansion.ts';
import { absolutePath, bytesOf } from './process.ts';
import { say } from './settling.ts';
import { ShellError, type ShellState } from './state.ts';
import { emptyInput, inputOf, nullOutput, type Output } from './streams.ts';
import type { Redirection } from './syntax.ts';

/** A file could not be opened; the command is not run. */
class RedirectionError extends Error {
  override readonly name = 'RedirectionError';
}

/** The streams of a command, and what must be closed when it is over. */
export interface Redirected {
  readonly process: Process;
  readonly close: () => void;
}

/** Opens files and moves descriptors, from left to right. Rejects with RedirectionError. */
export async function redirect(
  state: ShellState,
  expander: Expander,
  redirections: readonly Redirection[],
): Promise<Redirected> {
  let process: Process = state.process;
  const opened: FileOutput[] = [];
  const open = (path: string, append: boolean): Output => {
    const file = openFile(process, path, append);
    opened.push(file);
    return file;
  };
  for (const redirection of redirections) {
    const target = await expander.text(state, redirection.target);
    try {
      process = { ...process, ...changes(process, state, redirection, target, open) };
    } catch (error) {
      if (!isFileError(error)) throw error;
      const verb = redirection.operator === '<' ? 'open' : 'create';
      throw new RedirectionError(`cannot ${verb} ${target}: ${error.message}`, { cause: error });
    }
  }
  return {
    process,
    close: () => {
      for (const file of opened) file.flush();
    },
  };
}

function changes(
  process: Process,
  state: ShellState,
  { descriptor, operator }: Redirection,
  target: string,
  open: (path: string, append: boolean) => Output,
): Partial<Process> {
  if (descriptor > 2) throw new ShellError(`${descriptor}: descriptors above 2 are not emulated`);
  if (operator === '<>') throw new ShellError('opening a file for reading and writing (<>) is not emulated');
  if (operator === '<<') return put(descriptor, { input: inputOf(bytesOf(target)) });
  if (operator === '<&' || operator === '>&') return duplicate(process, descriptor, target);
  const path = absolutePath({ cwd: state.cwd }, target);
  if (operator === '<') return put(descriptor, { input: inputOf(process.files.read(path)) });
  return put(descriptor, { output: open(path, operator === '>>') });
}

function put(descriptor: number, stream: Pick<Partial<Process>, 'input' | 'output'>): Partial<Process> {
  if (descriptor === 0 && stream.input !== undefined) return { input: stream.input };
  if (descriptor === 1 && stream.output !== undefined) return { output: stream.output };
  if (descriptor === 2 && stream.output !== undefined) return { error: stream.output };
  throw new ShellError(`${descriptor}: such a redirection of this descriptor is not emulated`);
}

function duplicate(process: Process, descriptor: number, target: string): Partial<Process> {
  if (target === '-')
    return descriptor === 0 ? { input: emptyInput } : put(descriptor, { output: nullOutput });
  const source = {
    '0': { input: process.input },
    '1': { output: process.output },
    '2': { output: process.error },
  };
  if (!Object.hasOwn(source, target)) throw new ShellError(`${target}: Bad file descriptor`);
  return put(descriptor, source[target as keyof typeof source]);
}

interface FileOutput extends Output {
  flush(): void;
}

/** Below this every write is in the file at once. */
const SMALL = 262_144;

/**
 * A file that is written from its begin or its end. A large one is written in ever larger pieces: content is
 * immutable, so each write copies all of it.
 */
function openFile(process: Process, path: string, append: boolean): FileOutput {
  if (append) process.files.write(path, new Uint8Array(), { append: true });
  else process.files.write(path, new Uint8Array());
  let size = 0;
  let waiting: Uint8Array[] = [];
  let waitingSize = 0;
  const flush = (): void => {
    if (waitingSize === 0) return;
    const data = Buffer.concat(waiting);
    waiting = [];
    waitingSize = 0;
    process.files.write(path, data, { append: true });
    size += data.length;
  };
  return {
    async write(data) {
      waiting.push(data);
      waitingSize += data.length;
      if (size < SMALL || waitingSize >= size) flush();
    },
    flush,
    close: flush,
  };
}

/** Runs `work` with redirected streams; a file that cannot be opened makes it fail. */
export async function redirected(
  expander: Expander,
  state: ShellState,
  redirections: readonly Redirection[],
  work: () => Promise<number>,
): Promise<number> {
  if (redirections.length === 0) return work();
  const before = state.process;
  try {
    const { process, close } = await redirect(state, expander, redirections);
    state.process = process;
    try {
      return await work();
    } finally {
      close();
    }
  } catch (error) {
    if (!(error instanceof RedirectionError)) throw error;
    await say(before, state, error.message);
    return 2;
  } finally {
    state.process = before;
  }
}
