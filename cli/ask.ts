import { createInterface } from 'node:readline/promises';
import { CommandFailure } from './failure.ts';

/**
 * Goes on only when a person on a terminal answers `yes`, or has said --yes in advance; else fails, before anything
 * was changed.
 */
export async function expectYes(question: string, isYes: boolean): Promise<void> {
  if (isYes) return;
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new CommandFailure('nothing was changed: where nobody can be asked, --yes says that this is meant');
  if ((await ask(`${question} Only yes goes on: `)) !== 'yes')
    throw new CommandFailure('nothing was changed');
}

/** What was typed; empty when the input ended. */
async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const ended = new Promise<string>(resolve => terminal.once('close', () => resolve('')));
  try {
    return (await Promise.race([terminal.question(question), ended])).trim();
  } finally {
    terminal.close();
  }
}
