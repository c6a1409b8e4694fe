// What time makes of a container. Nothing runs, so nothing needs to wait: whoever looks at a container is shown what
// has become of it by then.

import type { Container, ContainerConfig } from './model.ts';
import { milliseconds, rehearsalOf } from './rehearsal.ts';

/** A change that time brought, for the container's log. */
export interface Passage {
  readonly at: number;
  readonly what: 'started' | 'exited';
  readonly exitCode: number;
}

const TASK_MS = 500;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 60_000;
/** A container that ran so long is taken for one that works. */
const WORKED_MS = 10_000;

export function started(container: Container, at: number, pid: number): Container {
  return {
    ...container,
    status: 'running',
    exitCode: 0,
    startedAt: at,
    finishedAt: container.finishedAt,
    next: endOf(container.config, at),
    wasStopped: false,
    resumes: false,
    pid,
  };
}

export function stopped(container: Container, at: number, exitCode: number): Container {
  const isRunning = container.status === 'running' || container.status === 'paused';
  return {
    ...container,
    status: container.status === 'created' ? 'created' : 'exited',
    exitCode: isRunning ? exitCode : container.exitCode,
    finishedAt: isRunning ? at : container.finishedAt,
    next: undefined,
    wasStopped: true,
    pid: 0,
  };
}

/** When and how it will end, if by itself. */
function endOf(config: ContainerConfig, at: number): Container['next'] {
  const { kind, afterMs } = rehearsalOf(config);
  if (kind === 'exits') return { at: at + afterMs, exitCode: 1 };
  if (kind === 'fails' && config.isTask) return { at: at + TASK_MS, exitCode: 1 };
  const known = endOfCommand([...config.Entrypoint, ...config.Cmd]);
  if (known !== undefined) return { at: at + known.ms, exitCode: known.exitCode };
  return config.isTask ? { at: at + TASK_MS, exitCode: 0 } : undefined;
}

/** Of the few programs that need no code to be known. */
export function endOfCommand(command: readonly string[]): { ms: number; exitCode: number } | undefined {
  const [program = '', ...args] = command;
  const name = program.split('/').at(-1)!;
  if (name === 'true') return { ms: 0, exitCode: 0 };
  if (name === 'false') return { ms: 0, exitCode: 1 };
  if (name === 'sleep' && /^[\d.]/.test(args[0] ?? '')) return { ms: milliseconds(args[0]!), exitCode: 0 };
  const isShell = ['sh', 'bash', 'dash'].includes(name) && args[0] === '-c';
  return isShell ? endOfScript(args[1] ?? '') : undefined;
}

/** Of scripts like `sleep 2; exit 3`. */
function endOfScript(script: string): { ms: number; exitCode: number } | undefined {
  let ms = 0;
  for (const part of script.split(/;|&&|\n/).map(text => text.trim())) {
    const exit = /^exit(?: (\d+))?$/.exec(part);
    if (exit !== null) return { ms, exitCode: Number(exit[1] ?? 0) };
    if (part === 'false') return { ms, exitCode: 1 };
    const pause = /^sleep ([\d.]+[smh]?)$/.exec(part);
    if (pause !== null) ms += milliseconds(pause[1]!);
  }
  return undefined;
}

/** The container as it is at `now`, and what happened to it in the meantime. */
export function settled(container: Container, now: number): { container: Container; passages: Passage[] } {
  const passages: Passage[] = [];
  let current = container;
  while (current.status !== 'paused' && current.next !== undefined && current.next.at <= now) {
    const { at } = current.next;
    current = current.status === 'running' ? ended(current) : startedAgain(current);
    const what = current.status === 'running' ? 'started' : 'exited';
    passages.push({ at, what, exitCode: current.exitCode });
  }
  return { container: current, passages };
}

function ended(container: Container): Container {
  const { at, exitCode } = container.next!;
  const over = { ...container, exitCode, finishedAt: at, next: undefined, pid: 0 };
  if (!restarts(container, exitCode)) return { ...over, status: 'exited' };
  const worked = at - container.startedAt >= WORKED_MS;
  const pause = worked ? FIRST_PAUSE_MS : FIRST_PAUSE_MS * 2 ** Math.min(container.restartCount, 20);
  return { ...over, status: 'restarting', next: { at: at + Math.min(pause, MAX_PAUSE_MS), exitCode } };
}

const startedAgain = (container: Container): Container => ({
  ...started(container, container.next!.at, 1000 + container.restartCount),
  restartCount: container.restartCount + 1,
});

function restarts({ config, restartCount }: Container, exitCode: number): boolean {
  const { name, retries } = config.restart;
  if (name === 'on-failure') return exitCode !== 0 && (retries === 0 || restartCount < retries);
  return name === 'always' || name === 'unless-stopped';
}

/** After its engine or machine went down; `exitCode` is of those that ran. */
export function halted(container: Container, at: number, exitCode: number): Container {
  const isRunning = ['running', 'paused', 'restarting'].includes(container.status);
  const over: Container = isRunning
    ? { ...container, status: 'exited', exitCode, finishedAt: at, next: undefined, pid: 0 }
    : container;
  return { ...over, resumes: container.resumes || runsAgain(over) };
}

function runsAgain({ config, wasStopped, exitCode, startedAt }: Container): boolean {
  const { name } = config.restart;
  if (startedAt === 0) return false;
  if (name === 'on-failure') return !wasStopped && exitCode !== 0;
  return name === 'always' || (name === 'unless-stopped' && !wasStopped);
}
