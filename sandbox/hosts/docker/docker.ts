import { spawn } from 'node:child_process';
import { HostError } from '../driver.ts';

/**
 * Docker by its command line. The Engine's API would save some 30 ms a call, but the command also finds the
 * daemon as its user set it up (contexts, DOCKER_HOST), streams an exec's input and sends a build's folder.
 */
export interface Docker {
  /** Resolves with what it printed, trimmed. Rejects with HostError when it fails. */
  run(args: readonly string[], options?: RunOptions): Promise<string>;
  /** The same, but an object that is not there resolves as undefined. */
  find(args: readonly string[]): Promise<string | undefined>;
}

export interface RunOptions {
  /** For the command's standard input. */
  readonly stdin?: string;
  readonly signal?: AbortSignal;
  /** What is being done, for the message of a failure: "The machine of web1 cannot be made". */
  readonly failure?: string;
}

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const UNREACHABLE = /cannot connect to the docker daemon|error during connect|is the docker daemon running/i;
const FORBIDDEN = /permission denied.*docker.*sock/is;
const MISSING = /no such (container|image|network|volume|object)|network \S+ not found/i;

export function createDocker(): Docker {
  return {
    async run(args, options = {}) {
      const outcome = await execute(args, options);
      if (outcome.code === 0) return outcome.stdout.trim();
      throw failureOf(args, outcome, options.failure);
    },
    async find(args) {
      const outcome = await execute(args, {});
      if (outcome.code === 0) return outcome.stdout.trim();
      if (MISSING.test(outcome.stderr)) return undefined;
      throw failureOf(args, outcome, undefined);
    },
  };
}

function failureOf(
  args: readonly string[],
  { code, stderr }: Outcome,
  failure: string | undefined,
): HostError {
  if (UNREACHABLE.test(stderr))
    return new HostError(
      'The Docker daemon does not answer; start it, or use emulated hosts (--hosts emulated).',
    );
  if (FORBIDDEN.test(stderr))
    return new HostError(
      'The Docker daemon does not let this user in; join the group docker, or use emulated hosts (--hosts emulated).',
    );
  const lines = stderr.trim().split('\n');
  const reason = lines.findLast(line => /error/i.test(line)) ?? lines.at(-1) ?? '';
  return new HostError(`${failure ?? `docker ${args[0]} failed`}: ${reason || `exit code ${code}`}`);
}

function execute(args: readonly string[], { stdin, signal }: RunOptions): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn('docker', args, { signal, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? notInstalled() : error),
    );
    child.on('close', code => resolve({ code, stdout, stderr }));
    // A command that ends before it has read everything says why by itself.
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin ?? '');
  });
}

const notInstalled = (): HostError =>
  new HostError('Docker is not installed; install it, or use emulated hosts (--hosts emulated).');
