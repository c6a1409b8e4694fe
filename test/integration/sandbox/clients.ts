import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startSandbox, type Sandbox } from '../../../sandbox/server.ts';

const run = promisify(execFile);

/** A sandbox for clients that cannot be told the time: it boots in a moment, and lets them ask often. */
export const startQuickSandbox = (): Promise<Sandbox> =>
  startSandbox({ port: 0, bootDelayMs: 200, limits: { perHour: 1e6, perMinute: 1e6 } });

/** Runs a program to its end. Rejects with what it said when that is not 0. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { cwd, timeout = 60_000 }: { cwd?: string; timeout?: number } = {},
): Promise<string> {
  try {
    return (await run(program, [...args], { timeout, ...(cwd !== undefined && { cwd }) })).stdout;
  } catch (error) {
    const { stderr, stdout } = error as { stderr?: string; stdout?: string };
    throw new Error(`${program} ${args.join(' ')} failed: ${stderr || stdout || String(error)}`, {
      cause: error,
    });
  }
}

/** Whether a program answers. */
export const isThere = (program: string, ...args: string[]): Promise<boolean> =>
  run(program, args).then(
    () => true,
    () => false,
  );
