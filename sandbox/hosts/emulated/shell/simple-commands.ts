import { isFileError } from '../files/file-error.ts';
import { BUILTINS, SPECIAL_BUILTINS } from './builtins.ts';
import { execute } from './execute.ts';
import { redirect, redirected } from './redirection.ts';
import type { Runner } from './runner.ts';
import { say } from './settling.ts';
import {
  exportedVariables,
  setVariable,
  ShellError,
  ShellExit,
  ShellReturn,
  type ShellState,
  type Variable,
} from './state.ts';
import type { Command } from './syntax.ts';

type Simple = Extract<Command, { type: 'simple' }>;

/** Runs assignments, or a function, a builtin or a program with its arguments. */
export async function runSimple(
  runner: Runner,
  state: ShellState,
  command: Simple,
  checked: boolean,
): Promise<number> {
  const { expander } = runner;
  state.substituted = undefined;
  const args = await expander.fields(state, command.words);
  const isSpecial = SPECIAL_BUILTINS.has(args[0] ?? '');
  if (args.length === 0 || (isSpecial && args[0] !== 'exec')) {
    return redirected(expander, state, command.redirections, async () => {
      await assign(runner, state, command);
      // An assignment alone has the status of its last command substitution.
      return args.length === 0 ? (state.substituted ?? 0) : callBuiltin(runner, state, args);
    });
  }
  if (args[0] === 'exec') return replaceShell(runner, state, command, args.slice(1));
  const restore = await assignForCommand(runner, state, command);
  try {
    return await redirected(expander, state, command.redirections, () => call(runner, state, args, checked));
  } finally {
    restore();
  }
}

async function assign({ expander }: Runner, state: ShellState, { assignments }: Simple): Promise<void> {
  for (const { name, value } of assignments) setVariable(state, name, await expander.text(state, value));
}

/** Exports the assignments before a command, until it is over. */
async function assignForCommand(
  { expander }: Runner,
  state: ShellState,
  { assignments }: Simple,
): Promise<() => void> {
  const before: [string, Variable | undefined][] = [];
  for (const { name, value } of assignments) {
    before.push([name, state.variables.get(name)]);
    const text = await expander.text(state, value);
    state.variables.set(name, { value: text, exported: true, readonly: false });
  }
  return () => {
    for (const [name, variable] of before.toReversed()) putVariable(state, name, variable);
  };
}

/** `exec` alone keeps its redirections; with a command the shell ends with it. */
async function replaceShell(
  { expander }: Runner,
  state: ShellState,
  command: Simple,
  args: readonly string[],
): Promise<number> {
  const { process } = await redirect(state, expander, command.redirections);
  if (args.length === 0) {
    state.process = process;
    return 0;
  }
  throw new ShellExit(
    await execute({ ...process, args, env: exportedVariables(state), cwd: state.cwd }, state.name),
  );
}

function call(runner: Runner, state: ShellState, args: readonly string[], checked: boolean): Promise<number> {
  const body = state.functions.get(args[0]!);
  if (body !== undefined) return callFunction(runner, state, body, args.slice(1), checked);
  if (BUILTINS.has(args[0]!)) return callBuiltin(runner, state, args);
  return execute({ ...state.process, args, env: exportedVariables(state), cwd: state.cwd }, state.name);
}

/** An error ends the shell when the builtin is a special one, as POSIX has it. */
async function callBuiltin(runner: Runner, state: ShellState, args: readonly string[]): Promise<number> {
  const special = SPECIAL_BUILTINS.get(args[0]!);
  try {
    return await (special ?? BUILTINS.get(args[0]!)!)(state, args.slice(1), runner);
  } catch (error) {
    if (!isFileError(error) && !(error instanceof ShellError)) throw error;
    const message = `${args[0]}: ${error.message}`;
    if (special !== undefined) throw new ShellError(message, { cause: error });
    await say(state.process, state, message);
    return 2;
  }
}

/** A real shell's stack ends, too. */
const DEEPEST = 1000;

async function callFunction(
  runner: Runner,
  state: ShellState,
  body: Command,
  positional: readonly string[],
  checked: boolean,
): Promise<number> {
  if (state.depth >= DEEPEST) throw new ShellError('Maximum function recursion depth (1000) reached');
  const before = { positional: state.positional, locals: state.locals, depth: state.depth };
  Object.assign(state, { positional, locals: new Map(), depth: state.depth + 1 });
  try {
    return await runner.runCommand(state, body, checked);
  } catch (error) {
    if (error instanceof ShellReturn) return error.status;
    throw error;
  } finally {
    for (const [name, variable] of state.locals!) putVariable(state, name, variable);
    Object.assign(state, before);
  }
}

function putVariable(state: ShellState, name: string, variable: Variable | undefined): void {
  if (variable === undefined) state.variables.delete(name);
  else state.variables.set(name, variable);
}
