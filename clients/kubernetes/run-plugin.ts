import { spawn, type ChildProcess } from 'node:child_process';
import { keepAll, keepTail } from '../kept-output.ts';
import { printable } from '../log/printable.ts';

/** A program that prints credentials. */
export interface PluginCommand {
  command: string;
  args: readonly string[];
  /** All of its environment. */
  env: NodeJS.ProcessEnv;
}

/** How a run of a plugin failed: the end of a sentence about it. */
export class PluginFailure extends Error {
  override readonly name = 'PluginFailure';
  /** There is no such program. */
  readonly isMissing: boolean;

  constructor(message: string, isMissing = false) {
    super(message);
    this.isMissing = isMissing;
  }
}

const LONGEST_OUTPUT = 1024 * 1024;
/** How much is shown of what it said before it failed: the end, where the reason stands. */
const LONGEST_SHOWN = 300;

/**
 * What the program prints on standard output. Whatever ends the wait, the signal's abort too, which rejects with its
 * reason, ends the program and all that it started. Else it throws a PluginFailure, without a word of the output.
 */
export async function runPlugin(
  plugin: PluginCommand,
  limitMs: number,
  signal: AbortSignal,
): Promise<string> {
  const limit = AbortSignal.timeout(limitMs);
  const stop = AbortSignal.any([signal, limit]);
  stop.throwIfAborted();
  // A group of its own, because a script that is killed leaves behind what it waits for.
  const { command, args, env } = plugin;
  const child = spawn(command, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = (): void => killGroup(child);
  stop.addEventListener('abort', kill, { once: true });
  process.once('exit', kill);
  try {
    return await outputOf(child);
  } catch (error) {
    signal.throwIfAborted();
    if (!limit.aborted) throw error;
    throw new PluginFailure(
      `gave no answer within ${limitMs / 1000} s, and was stopped: run it by hand to see what it waits for`,
    );
  } finally {
    stop.removeEventListener('abort', kill);
    process.off('exit', kill);
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

function outputOf(child: ChildProcess): Promise<string> {
  let isTooLong = false;
  const onTooLong = (): void => {
    isTooLong = true;
    killGroup(child);
  };
  const output = keepAll(child.stdout!, LONGEST_OUTPUT, onTooLong);
  const complaints = keepTail(child.stderr!, LONGEST_SHOWN);
  return new Promise((resolve, reject) => {
    child.once('error', error => reject(notStarted(error)));
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(output().toString('utf8'));
      const how = code === null ? `was ended by ${signal}` : `failed with exit code ${code}`;
      const detail = printable(complaints().toString('utf8').trim());
      const why = isTooLong
        ? `printed more than ${LONGEST_OUTPUT / 1024} KiB`
        : `${how}${detail && `: ${detail}`}`;
      reject(new PluginFailure(why));
    });
  });
}

const notStarted = ({ code, message }: NodeJS.ErrnoException): PluginFailure =>
  code === 'ENOENT'
    ? new PluginFailure('is not installed', true)
    : new PluginFailure(
        code === 'EACCES' ? 'may not be run: is it executable?' : `cannot be run: ${message}`,
      );
