import type { Credentials } from '../files/access.ts';
import type { FileSystem } from '../files/file-system.ts';
import type { Machine } from '../machine.ts';
import type { Input, Output } from './streams.ts';

/** The user that a process runs as, from the machine's /etc/passwd and /etc/group. */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly home: string;
  readonly shell: string;
}

/** What a program has while it runs. */
export interface Process {
  /** Its own name first. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly user: User;
  readonly credentials: Credentials;
  readonly files: FileSystem;
  readonly input: Input;
  readonly output: Output;
  readonly error: Output;
  readonly machine: Machine;
  /** Aborted when the session or the machine ends; its reason is of no matter. */
  readonly signal: AbortSignal;
}

/** Resolves with the exit status. A FileError that it does not catch becomes its message and status 1. */
export type Program = (process: Process) => number | Promise<number>;

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
