import type { Process } from '../model.ts';
import { bytesOf } from './process.ts';
import { LoopJump, ShellError, ShellExit, type ShellState } from './state.ts';
import { ShellSyntaxError } from './syntax.ts';

/** What a shell ends with, whatever way it ends. */
export async function settle(state: ShellState, work: () => Promise<number>): Promise<number> {
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

/** Complains in the shell's name. */
export const say = (process: Process, state: ShellState, message: string): Promise<void> =>
  process.error.write(bytesOf(`${state.name}: 1: ${message}\n`));
