import { fail, print, type Process, type Program } from '../shell/process.ts';
import { readOptions } from './options.ts';

/** A service is one process here, without children: its nginx answers everything at once, and no worker ever ends. */
const pgrep: Program = async process => {
  const options = readOptions(process.args.slice(1), ['c|count', 'f|full', 'P=|parent=']);
  if (!options.has('P')) return fail(process, 'only children (-P) are known to an emulated host', 127);
  if (options.has('c')) await print(process, '0\n');
  return 1;
};

/** Programs keep no connections: what nginx would pass on it answers itself. */
const ss: Program = (process: Process) => {
  const options = readOptions(process.args.slice(1), ['H|no-header', 't|tcp', 'n|numeric', 'p|processes']);
  if (options.has('H') && options.has('t')) return 0;
  return fail(process, 'only TCP connections without a header (-H -t) are known to an emulated host', 127);
};

/** What looks at processes and their connections. */
export const PROCESSES: Readonly<Record<string, Program>> = { pgrep, ss };
