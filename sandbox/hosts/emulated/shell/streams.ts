/** Where bytes come from. */
interface Source {
  /** The next bytes; undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** Nobody will read any more. */
  close(): void;
}

/**
 * Where a process reads. Single lines too, as the shell's `read` needs them: it takes no byte behind the line,
 * for the next command reads on from there.
 */
export interface Input extends Source {
  /** Up to the newline, which is left out; `ended` says that the input ended before one came. */
  readLine(): Promise<{ line: string; ended: boolean }>;
}

/** Where a process writes. */
export interface Output {
  /** Resolves when there is room for more; rejects with BrokenPipeError when nobody reads any more. */
  write(data: Uint8Array): Promise<void>;
  close(): void;
}

/** The reader is gone; a process that does not care ends by SIGPIPE. */
export class BrokenPipeError extends Error {
  override readonly name = 'BrokenPipeError';
}

export const emptyInput = createInput({ read: async () => undefined, close: () => undefined });
export const nullOutput: Output = { write: async () => undefined, close: () => undefined };

/** Gives `data` once. */
export function inputOf(data: Uint8Array): Input {
  let left: Uint8Array | undefined = data.length === 0 ? undefined : data;
  return createInput({
    async read() {
      const chunk = left;
      left = undefined;
      return chunk;
    },
    close: () => undefined,
  });
}

/** Keeps what is written. */
export function collectOutput(): Output & { bytes(): Buffer } {
  const chunks: Uint8Array[] = [];
  return {
    write: async data => void chunks.push(data),
    close: () => undefined,
    bytes: () => Buffer.concat(chunks),
  };
}

/** All that is left to read. */
export async function readAll(input: Input): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for (let chunk = await input.read(); chunk !== undefined; chunk = await input.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Bytes that wait in a pipe before its writer must: Linux' own size. */
const PIPE_SIZE = 65_536;

/** What is written to one end is read at the other. */
export function createPipe(): { input: Input; output: Output } {
  const chunks: Uint8Array[] = [];
  const state = { waiting: 0, isEnded: false, isBroken: false };
  let wake: (() => void)[] = [];
  const changed = (): void => {
    for (const waiter of wake.splice(0)) waiter();
  };
  const change = (): Promise<void> => new Promise(resolve => wake.push(resolve));
  const source: Source = {
    async read() {
      while (chunks.length === 0 && !state.isEnded) await change();
      const chunk = chunks.shift();
      state.waiting -= chunk?.length ?? 0;
      changed();
      return chunk;
    },
    close() {
      state.isBroken = true;
      changed();
    },
  };
  const output: Output = {
    async write(data) {
      if (state.isBroken) throw new BrokenPipeError();
      if (data.length === 0) return;
      chunks.push(data);
      state.waiting += data.length;
      changed();
      while (state.waiting > PIPE_SIZE && !state.isBroken) await change();
      if (state.isBroken && state.waiting > 0) throw new BrokenPipeError();
    },
    close() {
      state.isEnded = true;
      changed();
    },
  };
  return { input: createInput(source), output };
}

/** Lets lines be read from a source of bytes. */
export function createInput(source: Source): Input {
  let left: Buffer = Buffer.alloc(0);
  return {
    async read() {
      if (left.length === 0) return source.read();
      const chunk = left;
      left = Buffer.alloc(0);
      return chunk;
    },
    async readLine() {
      for (;;) {
        const end = left.indexOf(0x0a);
        if (end >= 0) {
          const line = left.subarray(0, end).toString();
          left = left.subarray(end + 1);
          return { line, ended: false };
        }
        const chunk = await source.read();
        if (chunk === undefined) {
          const line = left.toString();
          left = Buffer.alloc(0);
          return { line, ended: true };
        }
        left = Buffer.concat([left, chunk]);
      }
    },
    close: () => source.close(),
  };
}
