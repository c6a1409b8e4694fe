import { printableLines } from '../clients/log/printable.ts';
import { explainFileError } from '../config/files.ts';
import { isConfigurationError } from '../config/problems.ts';

/** Ends a command with one sentence; `exitCode` 1 unless the way it was called is wrong (2). */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * Prints what went wrong and ends the process. An error that says so itself gets its sentence alone; one that
 * nobody foresaw is a defect and keeps its stack, for the report.
 */
export function failWith(error: unknown): never {
  process.stderr.write(`dropfleet: ${printableLines(describe(error))}\n`);
  process.exit(error instanceof CommandFailure ? error.exitCode : 1);
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const path = pathThatFailed(error);
  if (path !== undefined) return `${path} cannot be used: ${explainFileError(error)}`;
  const isForeseen = isConfigurationError(error) || !UNFORESEEN.has(error.name);
  return isForeseen ? error.message : `this is a defect, please report it: ${error.stack}`;
}

/** A folder that is read-only, a disk that is full: the system's doing, and no defect. */
function pathThatFailed(error: Error): string | undefined {
  const { syscall, path } = error as NodeJS.ErrnoException;
  return syscall === undefined ? undefined : path;
}

/** The classes of JavaScript's own errors; ours all have names of their own. */
const UNFORESEEN = new Set([
  'Error',
  'TypeError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'AssertionError',
]);
