import { printable, printableLines } from '../clients/log/printable.ts';
import type { GlobalOptions } from './options.ts';

/** Prints a result: the lines for a person, or the value as JSON with --output json. */
export function printResult({ output }: GlobalOptions, value: unknown, lines: () => readonly string[]): void {
  const text =
    output === 'json' ? printableLines(JSON.stringify(value, null, 2)) : lines().map(printable).join('\n');
  process.stdout.write(`${text}\n`);
}

/** Prints a line for a person; with --output json to standard error, as standard output is one JSON value. */
export function printLine({ output }: GlobalOptions, line: string): void {
  (output === 'json' ? process.stderr : process.stdout).write(`${printable(line)}\n`);
}
