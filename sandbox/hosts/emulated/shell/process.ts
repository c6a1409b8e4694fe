import type { Process } from '../model.ts';

const encoder = new TextEncoder();
export const bytesOf = (text: string): Uint8Array => encoder.encode(text);

/** Writes text to standard output. */
export const print = (process: Process, text: string): Promise<void> => process.output.write(bytesOf(text));

/** Says on standard error, behind the program's name, what is wrong, and resolves with the exit status. */
export async function fail(process: Process, message: string, status = 1): Promise<number> {
  await process.error.write(bytesOf(`${nameOf(process)}: ${message}\n`));
  return status;
}

export const nameOf = (process: Process): string => process.args[0]!.split('/').at(-1)!;

/** `path` seen from the process' folder. */
export const absolutePath = (process: Pick<Process, 'cwd'>, path: string): string =>
  path.startsWith('/') ? path : `${process.cwd === '/' ? '' : process.cwd}/${path}`;
