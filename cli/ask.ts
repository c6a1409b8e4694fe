import { createInterface } from 'node:readline/promises';
import { CommandFailure } from './failure.ts';

/**
 * Goes on only when a person on a terminal answers `yes`, or has said --yes in advance; else fails, before anything
 * was changed. What is asked about stands above the question.
 */
export async function expectYes(question: string, isYes: boolean): Promise<void> {
  if (isYes) return;
  if (!isInteractive())
    throw new CommandFailure('no changes made: no terminal to ask on; pass --yes to confirm');
  if (!(await asksYes(question))) throw new CommandFailure('no changes made');
}

/** Whether there is a person to ask: both ends are a terminal. */
export const isInteractive = (): boolean => process.stdin.isTTY && process.stdout.isTTY;

/** Asks a person; only the whole word "yes" is a yes, and the end of the input is none. */
export async function asksYes(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const ended = new Promise<string>(resolve => terminal.once('close', () => resolve('')));
  try {
    const answer = await Promise.race([terminal.question(`${question} Only yes goes on: `), ended]);
    return answer.trim() === 'yes';
  } finally {
    terminal.close();
  }
}
