import { isFileError } from '../files/file-error.ts';
import { BUILTINS, SPECIAL_BUILTINS } from './builtins.ts';
import { execute } from './execute.ts';
import { createExpander, type Expander } from './expansion.ts';
import { parseScript } from './parser.ts';
import { patternExpression } from './pattern.ts';
import { bytesOf, type Process } from './process.ts';
import { redirect, RedirectionError } from './redirection.ts';
import {
  copyShellState,
  exportedVariables,
  LoopJump,
  setVariable,
  ShellError,
  ShellExit,
  ShellReturn,
  type ShellState,
  type Variable,
} from './state.ts';
import { collectOutput, createPipe, type Input, type Output } from './streams.ts';
import {
  ShellSyntaxError,
  type AndOr,
  type Command,
  type Pipeline,
  type Redirection,
  type Script,
} from './syntax.ts';

type CommandOf<T extends Command['type']> = Extract<Command, { type: T }>;

/** Runs scripts in one shell's state. */
export interface Interpreter {
  /** Resolves with the exit status; rejects with ShellExit, which `runToEnd` understands. */
  run(state: ShellState, script: Script): Promise<number>;
  /** Runs text, as `eval` and `.` do. */
  evaluate(state: ShellState, text: string): Promise<number>;
}

/** Runs `text` as a whole shell does, to its end: traps included, errors said. */
export const runToEnd = (state: ShellState, text: string): Promise<number> =>
  finish(state, () => interpreter.evaluate(state, text));

/** Ends a shell or subshell: whatever way its work ends, its trap is run. */
async function finish(state: ShellState, work: () => Promise<number>): Promise<number> {
  const status = await settle(state, work);
  const trap = state.exitTrap;
  if (trap === undefined) return status;
  state.exitTrap = undefined;
  state.status = status;
  // A trap that does not exit itself leaves the status as it was.
  return settle(state, async () => {
    await interpreter.evaluate(state, trap);
    return status;
  });
}

/** What a shell ends with, whatever way it ends. */
async function settle(state: ShellState, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ShellExit) return error.status;
    if (error instanceof LoopJump) return 0;
    if (!isShellFault(error)) throw error;
    const kind = error instanceof ShellSyntaxError ? 'Syntax error: ' : '';
    await say(state.process, state, `${kind}${error.message}`);
    return 2;
  }
}

const isShellFault = (error: unknown): error is Error =>
  error instanceof ShellError || error instanceof ShellSyntaxError;

const say = (process: Process, state: ShellState, message: string): Promise<void> =>
  process.error.write(bytesOf(`${state.name}: 1: ${message}\n`));

const expander: Expander = createExpander(async (state, script) => {
  const output = collectOutput();
  state.status = await subshell(state, script, { ...state.process, output });
  state.substituted = state.status;
  return output.bytes().toString().replace(/\n+$/, '');
});

/** Runs a script in a copy of the state. */
function subshell(state: ShellState, script: Script, process: Process): Promise<number> {
  const child = copyShellState(state, process.machine.fork(process));
  return finish(child, () => run(child, script, false));
}

async function run(state: ShellState, script: Script, checked: boolean): Promise<number> {
  for (const andOr of script) state.status = await runAndOr(state, andOr, checked);
  return script.length === 0 ? 0 : state.status;
}

/** `checked` says that a failure is looked at, and so ends no shell under `set -e`. */
async function runAndOr(state: ShellState, { steps }: AndOr, checked: boolean): Promise<number> {
  for (const [index, { operator, pipeline }] of steps.entries()) {
    const isWanted = index === 0 || (state.status === 0) === (operator === '&&');
    if (!isWanted) continue;
    const isChecked = checked || index < steps.length - 1;
    state.status = await runPipeline(state, pipeline, isChecked);
  }
  return state.status;
}

async function runPipeline(state: ShellState, pipeline: Pipeline, checked: boolean): Promise<number> {
  const isChecked = checked || pipeline.negated;
  const [only] = pipeline.commands;
  const status =
    pipeline.commands.length === 1
      ? await runCommand(state, only!, isChecked)
      : await runPiped(state, pipeline.commands, isChecked);
  state.status = pipeline.negated ? Number(status === 0) : status;
  const isLast = pipeline.commands.length > 1 || ['simple', 'subshell'].includes(only!.type);
  if (status !== 0 && state.options.has('e') && !isChecked && isLast) throw new ShellExit(status);
  return state.status;
}

async function runPiped(state: ShellState, commands: readonly Command[], checked: boolean): Promise<number> {
  let input: Input = state.process.input;
  const running = commands.map((command, index) => {
    const pipe = index < commands.length - 1 ? createPipe() : undefined;
    const own = input;
    const output: Output = pipe?.output ?? state.process.output;
    if (pipe !== undefined) input = pipe.input;
    const child = copyShellState(state, state.process.machine.fork({ ...state.process, input: own, output }));
    return finish(child, () => runCommand(child, command, checked)).finally(() => {
      pipe?.output.close();
      if (index > 0) own.close();
    });
  });
  return (await Promise.all(running)).at(-1)!;
}

async function runCommand(state: ShellState, command: Command, checked: boolean): Promise<number> {
  if (state.process.signal.aborted) throw new ShellExit(143);
  if (command.type === 'simple') return runSimple(state, command, checked);
  if (command.type !== 'function')
    return redirected(state, command.redirections, () => runCompound(state, command, checked));
  state.functions.set(command.name, command.body);
  return 0;
}

/** Runs `work` with redirected streams; a file that cannot be opened makes it fail. */
async function redirected(
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

type Compound = Exclude<Command, { type: 'simple' | 'function' }>;

function runCompound(state: ShellState, command: Compound, checked: boolean): Promise<number> {
  switch (command.type) {
    case 'group':
      return run(state, command.body, checked);
    case 'subshell':
      return subshellOf(state, command.body, checked);
    case 'if':
      return runIf(state, command, checked);
    case 'while':
      return runWhile(state, command, checked);
    case 'for':
      return runFor(state, command, checked);
    case 'case':
      return runCase(state, command, checked);
  }
}

function subshellOf(state: ShellState, body: Script, checked: boolean): Promise<number> {
  const child = copyShellState(state, state.process.machine.fork(state.process));
  return finish(child, () => run(child, body, checked));
}

async function runIf(state: ShellState, command: CommandOf<'if'>, checked: boolean): Promise<number> {
  for (const { condition, body } of command.branches)
    if ((await run(state, condition, true)) === 0) return run(state, body, checked);
  return command.otherwise === undefined ? 0 : run(state, command.otherwise, checked);
}

/** Runs one round of a loop, which says whether the loop goes on; so do `break` and `continue`. */
async function runRound(round: () => Promise<boolean>): Promise<boolean> {
  try {
    return await round();
  } catch (error) {
    if (!(error instanceof LoopJump)) throw error;
    error.levels -= 1;
    if (error.levels > 0) throw error;
    return error.kind === 'continue';
  }
}

async function runWhile(state: ShellState, command: CommandOf<'while'>, checked: boolean): Promise<number> {
  let status = 0;
  const round = async (): Promise<boolean> => {
    if (((await run(state, command.condition, true)) === 0) === command.until) return false;
    status = 0;
    status = await run(state, command.body, checked);
    return true;
  };
  while (await runRound(round));
  return status;
}

async function runFor(state: ShellState, command: CommandOf<'for'>, checked: boolean): Promise<number> {
  const items = command.words === undefined ? state.positional : await expander.fields(state, command.words);
  let status = 0;
  for (const item of items) {
    setVariable(state, command.name, item);
    const goesOn = await runRound(async () => {
      status = 0;
      status = await run(state, command.body, checked);
      return true;
    });
    if (!goesOn) break;
  }
  return status;
}

async function runCase(state: ShellState, command: CommandOf<'case'>, checked: boolean): Promise<number> {
  const subject = await expander.text(state, command.subject);
  for (const { patterns, body } of command.items)
    for (const pattern of patterns)
      if (patternExpression(await expander.pattern(state, pattern)).test(subject))
        return run(state, body, checked);
  return 0;
}

async function runSimple(state: ShellState, command: CommandOf<'simple'>, checked: boolean): Promise<number> {
  state.substituted = undefined;
  const args = await expander.fields(state, command.words);
  const isSpecial = SPECIAL_BUILTINS.has(args[0] ?? '');
  if (args.length === 0 || (isSpecial && args[0] !== 'exec')) {
    return redirected(state, command.redirections, async () => {
      await assign(state, command);
      // An assignment alone has the status of its last command substitution.
      return args.length === 0 ? (state.substituted ?? 0) : callBuiltin(state, args);
    });
  }
  if (args[0] === 'exec') return replaceShell(state, command, args.slice(1));
  const restore = await assignForCommand(state, command);
  try {
    return await redirected(state, command.redirections, () => call(state, args, checked));
  } finally {
    restore();
  }
}

async function assign(state: ShellState, { assignments }: CommandOf<'simple'>): Promise<void> {
  for (const { name, value } of assignments) setVariable(state, name, await expander.text(state, value));
}

/** Exports the assignments before a command, until it is over. */
async function assignForCommand(
  state: ShellState,
  { assignments }: CommandOf<'simple'>,
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
  state: ShellState,
  command: CommandOf<'simple'>,
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

function call(state: ShellState, args: readonly string[], checked: boolean): Promise<number> {
  const body = state.functions.get(args[0]!);
  if (body !== undefined) return callFunction(state, body, args.slice(1), checked);
  if (BUILTINS.has(args[0]!)) return callBuiltin(state, args);
  return execute({ ...state.process, args, env: exportedVariables(state), cwd: state.cwd }, state.name);
}

/** An error ends the shell when the builtin is a special one, as POSIX has it. */
async function callBuiltin(state: ShellState, args: readonly string[]): Promise<number> {
  const special = SPECIAL_BUILTINS.get(args[0]!);
  try {
    return await (special ?? BUILTINS.get(args[0]!)!)(state, args.slice(1), interpreter);
  } catch (error) {
    if (!isFileError(error) && !(error instanceof ShellError)) throw error;
    const message = `${args[0]}: ${error.message}`;
    if (special !== undefined) throw new ShellError(message, { cause: error });
    await say(state.process, state, message);
    return 2;
  }
}

async function callFunction(
  state: ShellState,
  body: Command,
  positional: readonly string[],
  checked: boolean,
): Promise<number> {
  const before = { positional: state.positional, locals: state.locals };
  Object.assign(state, { positional, locals: new Map() });
  try {
    return await runCommand(state, body, checked);
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

const interpreter: Interpreter = {
  run: (state, script) => run(state, script, false),
  evaluate: async (state, text) => run(state, parseScript(text), false),
};
