import { setImmediate } from 'node:timers/promises';
import type { Process } from '../model.ts';
import { runCompound } from './compound-commands.ts';
import { createExpander, type Expander } from './expansion.ts';
import { parseScript } from './parser.ts';
import { redirected } from './redirection.ts';
import type { Runner } from './runner.ts';
import { settle } from './settling.ts';
import { runSimple } from './simple-commands.ts';
import { COMMANDS_A_TURN, copyShellState, ShellExit, type ShellState, type Turn } from './state.ts';
import { collectOutput, createPipe, type Input, type Output } from './streams.ts';
import type { AndOr, Command, Pipeline, Script } from './syntax.ts';

/** Runs `text` as a whole shell does, to its end: traps included, errors said. */
export const runToEnd = (state: ShellState, text: string): Promise<number> =>
  finish(state, () => runner.evaluate(state, text));

/** Runs a line that a person typed; whether it ends the shell. Errors are said, and the shell goes on. */
export async function runLine(state: ShellState, text: string): Promise<boolean> {
  try {
    state.status = await runner.evaluate(state, text);
    return false;
  } catch (error) {
    state.status = await settle(state, () => Promise.reject(error));
    return error instanceof ShellExit;
  }
}

/** Ends a shell or subshell: whatever way its work ends, its trap is run. */
async function finish(state: ShellState, work: () => Promise<number>): Promise<number> {
  const status = await settle(state, work);
  const trap = state.exitTrap;
  if (trap === undefined) return status;
  state.exitTrap = undefined;
  state.status = status;
  // A trap that does not exit itself leaves the status as it was.
  return settle(state, async () => {
    await runner.evaluate(state, trap);
    return status;
  });
}

const expander: Expander = createExpander(async (state, script) => {
  const output = collectOutput();
  state.status = await subshell(state, script, false, { ...state.process, output });
  state.substituted = state.status;
  return output.bytes().toString().replace(/\n+$/, '');
});

function subshell(
  state: ShellState,
  script: Script,
  checked: boolean,
  process: Process = state.process,
): Promise<number> {
  const child = copyShellState(state, process.machine.fork(process));
  return finish(child, () => run(child, script, checked));
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
  if (--state.turn.left < 0) await yieldTurn(state.turn);
  if (state.process.signal.aborted) throw new ShellExit(143);
  if (command.type === 'simple') return runSimple(runner, state, command, checked);
  if (command.type !== 'function')
    return redirected(expander, state, command.redirections, () =>
      runCompound(runner, state, command, checked),
    );
  state.functions.set(command.name, command.body);
  return 0;
}

/** A loop that never waits for anything would let nobody else in the process do anything, nor end it. */
async function yieldTurn(turn: Turn): Promise<void> {
  await setImmediate();
  turn.left = COMMANDS_A_TURN;
}

const runner: Runner = {
  expander,
  run,
  runCommand,
  subshell,
  evaluate: async (state, text) => run(state, parseScript(text), false),
};
