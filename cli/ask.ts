import { createInterface } from 'node:readline/promises';

/** Whether there is a person to ask: both ends are a terminal. */
export const isInteractive = (): boolean => Boolean(process.stdin.isTTY && process.stderr.isTTY);

/** Asks a person; only the whole word "yes" is a yes. The question goes to standard error. */
export async function asksYes(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(`${question} Only "yes" goes on: `)).trim() === 'yes';
  } finally {
    terminal.close();
  }
}
