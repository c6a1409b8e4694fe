import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

/** A folder that a person works in, with `config/` inside. */
export interface Workplace {
  readonly folder: string;
  /** Set for every command that is run here, over a clean environment. */
  readonly env: Record<string, string>;
  /** A path inside. */
  path(...parts: string[]): string;
  /** Writes config/projects.csv: the header and these rows. */
  writeCsv(...rows: string[]): Promise<void>;
  /** The parsed content of a JSON file inside. */
  json(...parts: string[]): Promise<any>; // oxlint-disable-line typescript/no-explicit-any -- of any shape
  remove(): Promise<void>;
}

const HEADER = 'Project,Servers,MasterSpec,WebSpec';

/** A new folder, with those rows in config/projects.csv; without rows there is no such file. */
export async function openWorkplace(
  rows: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), 'dropfleet-work-'));
  const path = (...parts: string[]): string => join(folder, ...parts);
  const workplace: Workplace = {
    folder,
    env,
    path,
    async writeCsv(...lines) {
      await mkdir(path('config'), { recursive: true });
      await writeFile(path('config', 'projects.csv'), [HEADER, ...lines, ''].join('\n'));
    },
    json: async (...parts) => JSON.parse(await readFile(path(...parts), 'utf8')) as unknown,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
  if (rows.length > 0) await workplace.writeCsv(...rows);
  return workplace;
}

/** How a command ended, and all that it said. */
export interface Ending {
  /** 128 and the signal's number when a signal ended it, as a shell has it. */
  code: number;
  stdout: string;
  stderr: string;
}

/** A dropfleet command that runs. */
export interface RunningCommand {
  readonly pid: number;
  /** What it has said so far on standard output, and on standard error. */
  output(): { stdout: string; stderr: string };
  /**
   * The match of the pattern in what it says on either stream, as soon as it is there. Rejects when the command
   * ends without it, or after `patienceMs`.
   */
  says(pattern: RegExp, patienceMs?: number): Promise<RegExpMatchArray>;
  /** Types on its keyboard. */
  type(keys: string): void;
  readonly ended: Promise<Ending>;
  /** Sends a signal, SIGTERM by default, and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ending>;
}

const MAIN = join(import.meta.dirname, '../../cli/main.ts');
/** Longer than anything takes on a machine that is busy with other suites. */
const PATIENCE_MS = 150_000;
const SIGNAL_NUMBERS: Partial<Record<NodeJS.Signals, number>> = { SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** Starts `dropfleet ARGS` in that place, as a shell without any of our variables would. */
export function startDropfleet(place: Workplace, ...args: string[]): RunningCommand {
  return startCommand(place, process.execPath, [MAIN, ...args]);
}

/** Runs `dropfleet ARGS` to its end. */
export function runDropfleet(place: Workplace, ...args: string[]): Promise<Ending> {
  return startDropfleet(place, ...args).ended;
}

/** The same with standard output going elsewhere, such as `| head -1`; its exit code is told on standard error. */
export function runDropfleetInto(place: Workplace, elsewhere: string, ...args: string[]): Promise<Ending> {
  const line = `{ "$0" "$@"; echo "exit code $?" >&2; } ${elsewhere}`;
  return startCommand(place, 'sh', ['-c', line, process.execPath, MAIN, ...args]).ended;
}

/** The same on a terminal of that size: `script` (util-linux) gives it one, and both streams come as stdout. */
export function startDropfleetOnTerminal(
  place: Workplace,
  size: { rows: number; columns: number },
  ...args: string[]
): RunningCommand {
  const command = [process.execPath, MAIN, ...args].map(quote).join(' ');
  const sized = `stty rows ${size.rows} cols ${size.columns}; exec ${command}`;
  return startCommand(place, 'script', ['--quiet', '--flush', '--return', '--command', sized, '/dev/null']);
}

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

function startCommand({ folder, env }: Workplace, program: string, args: string[]): RunningCommand {
  const { PATH = '', HOME = '', NODE_COMPILE_CACHE } = process.env;
  const child = spawn(program, args, {
    cwd: folder,
    env: {
      PATH,
      HOME,
      LANG: 'C.UTF-8',
      DROPFLEET_HOSTS: 'emulated',
      // Node's own: no process compiles again what another has compiled.
      ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }),
      ...env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const said = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const stream of ['stdout', 'stderr'] as const) {
    const decoder = new StringDecoder('utf8');
    child[stream].on('data', (chunk: Buffer) => {
      said[stream] += decoder.write(chunk);
      for (const listener of listeners) listener();
    });
  }
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.removeListener('exit', kill);
      resolve({ code: code ?? 128 + (SIGNAL_NUMBERS[signal!] ?? 0), ...said });
    });
  });
  return {
    pid: child.pid!,
    output: () => ({ ...said }),
    says: (pattern, patienceMs = PATIENCE_MS) => waitFor(pattern, said, listeners, ended, patienceMs),
    type: keys => void child.stdin.write(keys),
    ended,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      return await ended;
    },
  };
}

function waitFor(
  pattern: RegExp,
  said: { stdout: string; stderr: string },
  listeners: Set<() => void>,
  ended: Promise<Ending>,
  patienceMs: number,
): Promise<RegExpMatchArray> {
  const heard = Promise.withResolvers<RegExpMatchArray>();
  const listen = (): void => {
    const match = pattern.exec(said.stdout) ?? pattern.exec(said.stderr);
    if (match !== null) heard.resolve(match);
  };
  const giveUp = (how: string): void =>
    heard.reject(new Error(`${how} without saying ${String(pattern)}:\n${said.stdout}\n${said.stderr}`));
  const timer = setTimeout(() => giveUp(`${patienceMs} ms went by`), patienceMs);
  void ended.then(
    ({ code }) => giveUp(`it ended with ${code}`),
    error => giveUp(String(error)),
  );
  listeners.add(listen);
  listen();
  return heard.promise.finally(() => {
    clearTimeout(timer);
    listeners.delete(listen);
  });
}
