import type { Process } from '../model.ts';
import type { Command } from './syntax.ts';

export interface Variable {
  value: string | undefined;
  exported: boolean;
  readonly: boolean;
}

/** What a shell remembers from command to command. A subshell has a copy. */
export interface ShellState {
  process: Process;
  readonly variables: Map<string, Variable>;
  readonly functions: Map<string, Command>;
  /** Letters that `set` switched on: e, f, u, x. */
  readonly options: Set<string>;
  name: string;
  positional: readonly string[];
  /** Of the last pipeline: `$?`. */
  status: number;
  /** Of the last command substitution in the command that runs. */
  substituted: number | undefined;
  cwd: string;
  /** What `trap ... EXIT` said. */
  exitTrap: string | undefined;
  /** What the variables were that the running function made its own; none outside of one. */
  locals: Map<string, Variable | undefined> | undefined;
  /** How many functions are under way in each other. */
  depth: number;
  /** Shared with all subshells. */
  readonly turn: Turn;
}

/** How many commands may still be run before everything else in the process has its turn. */
export interface Turn {
  left: number;
}

/** Takes a millisecond or so. */
export const COMMANDS_A_TURN = 500;
/** Letters of a variable: more than any script has use for, and less than would be felt. */
const LONGEST_VALUE = 16 * 1024 * 1024;

/** Leaves the shell. */
export class ShellExit extends Error {
  readonly status: number;
  constructor(status: number) {
    super();
    this.status = status;
  }
}

/** Leaves a function or a sourced script. */
export class ShellReturn extends ShellExit {}

/** Leaves, or goes on with, the loop so many levels up. */
export class LoopJump extends Error {
  readonly kind: 'break' | 'continue';
  levels: number;
  constructor(kind: 'break' | 'continue', levels: number) {
    super();
    this.kind = kind;
    this.levels = levels;
  }
}

/** What dash ends a shell for that is not asked anything: a bad substitution, an unset variable under `set -u`. */
export class ShellError extends Error {
  override readonly name = 'ShellError';
}

export function createShellState(process: Process, name: string, positional: readonly string[]): ShellState {
  const variables = new Map<string, Variable>();
  for (const [key, value] of Object.entries(process.env))
    variables.set(key, { value, exported: true, readonly: false });
  variables.set('IFS', { value: ' \t\n', exported: false, readonly: false });
  if (!variables.has('PWD')) variables.set('PWD', { value: process.cwd, exported: false, readonly: false });
  return {
    process,
    variables,
    functions: new Map(),
    options: new Set(),
    name,
    positional,
    status: 0,
    substituted: undefined,
    cwd: process.cwd,
    exitTrap: undefined,
    locals: undefined,
    depth: 0,
    turn: { left: COMMANDS_A_TURN },
  };
}

/** The state of a subshell, which begins as a copy. Traps are the parent's alone. */
export function copyShellState(state: ShellState, process: Process): ShellState {
  const variables = new Map([...state.variables].map(([name, variable]) => [name, { ...variable }]));
  const functions = new Map(state.functions);
  const options = new Set(state.options);
  return { ...state, process, variables, functions, options, exitTrap: undefined };
}

/** Throws ShellError for one that is read-only, and for a value without an end. */
export function setVariable(state: ShellState, name: string, value: string): void {
  const variable = state.variables.get(name);
  if (variable?.readonly) throw new ShellError(`${name}: is read only`);
  if (value.length > LONGEST_VALUE) throw new ShellError('Out of space');
  if (variable === undefined) state.variables.set(name, { value, exported: false, readonly: false });
  else variable.value = value;
}

/** What a program is given. */
export function exportedVariables(state: ShellState): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, { value, exported }] of state.variables)
    if (exported && value !== undefined) found[name] = value;
  return found;
}
