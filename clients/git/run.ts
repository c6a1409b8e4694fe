import { spawn, type ChildProcess } from 'node:child_process';
import { Readable } from 'node:stream';
import { keepTail } from '../kept-output.ts';
import { GIT_SETTINGS, gitEnvironment } from './environment.ts';
import { GitError } from './errors.ts';

/** One run of git. */
export interface GitRun {
  /** The command and its arguments. */
  args: readonly string[];
  /** Where it is run: a bare repository, or a folder of a person's. */
  cwd: string;
  /** What is added to the environment, such as GIT_INDEX_FILE. */
  env?: NodeJS.ProcessEnv;
  input?: string;
}

/** How a run ended. */
export interface GitResult {
  code: number;
  stdout: string;
  /** The end of what it complained of; credentials of an address may be in it. */
  stderr: string;
}

/** Runs git. Never asks a person anything; whatever ends the wait ends git and all that it started. */
export interface GitRunner {
  /** Its output and exit code, whatever that is. */
  run: (run: GitRun, signal: AbortSignal) => Promise<GitResult>;
  /** Its output as it comes; rejects at the end when git failed. */
  stream: (run: GitRun, signal: AbortSignal) => AsyncGenerator<Uint8Array, void>;
}

const LONGEST_COMPLAINT = 8 * 1024;

export function createGitRunner(env: NodeJS.ProcessEnv, limitMs: number): GitRunner {
  const base = gitEnvironment(env);
  const start = (run: GitRun, signal: AbortSignal): Started => startGit(run, base, limitMs, signal);
  return {
    async run(run, signal) {
      const git = start(run, signal);
      const chunks: Uint8Array[] = [];
      for await (const chunk of git.output()) chunks.push(chunk);
      const { code, stderr } = await git.ended;
      return { code, stdout: Buffer.concat(chunks).toString('utf8'), stderr };
    },
    async *stream(run, signal) {
      const git = start(run, signal);
      yield* git.output();
      const { code, stderr } = await git.ended;
      if (code !== 0) throw new GitError('Failed', `git ${run.args[0]} failed: ${stderr.trim().slice(-300)}`);
    },
  };
}

interface Started {
  /** All of it must be read, or given up by `return`, which ends git. */
  output(): AsyncGenerator<Uint8Array, void>;
  ended: Promise<{ code: number; stderr: string }>;
}

function startGit(run: GitRun, base: NodeJS.ProcessEnv, limitMs: number, signal: AbortSignal): Started {
  const limit = AbortSignal.timeout(limitMs);
  const stop = AbortSignal.any([signal, limit]);
  stop.throwIfAborted();
  const { args, cwd, env, input } = run;
  // A session of its own: there is no terminal to ask at, and what git started ends with it.
  const child = spawn('git', [...GIT_SETTINGS, ...args], {
    cwd,
    env: { ...base, ...env },
    detached: true,
    stdio: 'pipe',
  });
  const kill = (): void => killGroup(child);
  stop.addEventListener('abort', kill, { once: true });
  process.once('exit', kill);
  // A git that ends early leaves input unread; its exit code says why.
  child.stdin.on('error', () => undefined).end(input ?? '');
  const ended = endOf(child, () => {
    stop.removeEventListener('abort', kill);
    process.off('exit', kill);
    signal.throwIfAborted();
    if (limit.aborted)
      throw new GitError('TimedOut', `git ${args[0]} took longer than ${limitMs / 1000} s and was stopped`);
  });
  ended.catch(() => undefined);
  return { ended, output: () => outputOf(child, ended, kill) };
}

async function* outputOf(
  child: ChildProcess,
  ended: Promise<unknown>,
  kill: () => void,
): AsyncGenerator<Uint8Array, void> {
  let isRead = false;
  try {
    yield* Readable.from(child.stdout!) as AsyncIterable<Uint8Array>;
    isRead = true;
  } catch (error) {
    await ended;
    throw error;
  } finally {
    if (!isRead) kill();
  }
}

function endOf(child: ChildProcess, check: () => void): Promise<{ code: number; stderr: string }> {
  const complaints = keepTail(child.stderr!, LONGEST_COMPLAINT);
  return new Promise((resolve, reject) => {
    child.once('error', error => reject(notStarted(error)));
    child.once('close', (code, by) => {
      try {
        check();
        const stderr = complaints().toString('utf8');
        resolve({ code: code ?? 1, stderr: code === null ? `${stderr}\nerror: ended by ${by}` : stderr });
      } catch (error) {
        reject(error);
      }
    });
  });
}

const notStarted = ({ code, message }: NodeJS.ErrnoException): GitError =>
  code === 'ENOENT'
    ? new GitError('NotInstalled', 'git is not installed, or its folder is gone: install git and try again')
    : new GitError('NotInstalled', `git cannot be run: ${message}`);

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}
