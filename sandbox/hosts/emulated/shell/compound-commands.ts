import { patternExpression } from './pattern.ts';
import type { Runner } from './runner.ts';
import { LoopJump, setVariable, type ShellState } from './state.ts';
import type { Command } from './syntax.ts';

type CommandOf<T extends Command['type']> = Extract<Command, { type: T }>;
export type Compound = Exclude<Command, { type: 'simple' | 'function' }>;

/** Runs a command that holds others. */
export function runCompound(
  runner: Runner,
  state: ShellState,
  command: Compound,
  checked: boolean,
): Promise<number> {
  switch (command.type) {
    case 'group':
      return runner.run(state, command.body, checked);
    case 'subshell':
      return runner.subshell(state, command.body, checked);
    case 'if':
      return runIf(runner, state, command, checked);
    case 'while':
      return runWhile(runner, state, command, checked);
    case 'for':
      return runFor(runner, state, command, checked);
    case 'case':
      return runCase(runner, state, command, checked);
  }
}

async function runIf(
  runner: Runner,
  state: ShellState,
  command: CommandOf<'if'>,
  checked: boolean,
): Promise<number> {
  for (const { condition, body } of command.branches)
    if ((await runner.run(state, condition, true)) === 0) return runner.run(state, body, checked);
  return command.otherwise === undefined ? 0 : runner.run(state, command.otherwise, checked);
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

async function runWhile(
  runner: Runner,
  state: ShellState,
  command: CommandOf<'while'>,
  checked: boolean,
): Promise<number> {
  let status = 0;
  const round = async (): Promise<boolean> => {
    if (((await runner.run(state, command.condition, true)) === 0) === command.until) return false;
    status = 0;
    status = await runner.run(state, command.body, checked);
    return true;
  };
  while (await runRound(round));
  return status;
}

async function runFor(
  runner: Runner,
  state: ShellState,
  command: CommandOf<'for'>,
  checked: boolean,
): Promise<number> {
  const items =
    command.words === undefined ? state.positional : await runner.expander.fields(state, command.words);
  let status = 0;
  for (const item of items) {
    setVariable(state, command.name, item);
    const goesOn = await runRound(async () => {
      status = 0;
      status = await runner.run(state, command.body, checked);
      return true;
    });
    if (!goesOn) break;
  }
  return status;
}

async function runCase(
  runner: Runner,
  state: ShellState,
  command: CommandOf<'case'>,
  checked: boolean,
): Promise<number> {
  const subject = await runner.expander.text(state, command.subject);
  for (const { patterns, body } of command.items)
    for (const pattern of patterns)
      if (patternExpression(await runner.expander.pattern(state, pattern)).test(subject))
        return runner.run(state, body, checked);
  return 0;
}
