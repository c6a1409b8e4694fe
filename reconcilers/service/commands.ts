import type { Engine } from '../host/desired.ts';
import { asRoot } from '../host/commands.ts';
import { CHECK_RESTORED, CONTAINERS, LOGS, START, STOP, TASK, WATCH } from './scripts.ts';

/** How a container is told to be healthy. */
export interface Check {
  /** A URL that answers with 2xx, an `address:port` that takes connections, or `running`. */
  target: string;
  intervalSeconds: number;
  timeoutSeconds: number;
}

/** A container as it is started. */
export interface ContainerSpec {
  name: string;
  /** `address:port` on the host, or `-`. */
  publish: string;
  /** The port inside, or `auto`: the one that the image exposes, else 8080. */
  port: string;
  /** What `run` takes: options, the image, and the command. */
  arguments: readonly string[];
}

/** Tells everything about dropfleet's containers of a host. */
export const observeContainers = (engine: Engine): string[] => asRoot(CONTAINERS, engine);

/** Starts a container and waits until it is healthy; its environment comes on stdin. */
export const startContainer = (
  engine: Engine,
  { name, publish, port, arguments: args }: ContainerSpec,
  { target, intervalSeconds, timeoutSeconds }: Check,
  { withinSeconds, settleSeconds }: { withinSeconds: number; settleSeconds: number },
): string[] =>
  asRoot(
    START,
    engine,
    name,
    target,
    ...[withinSeconds, intervalSeconds, timeoutSeconds, settleSeconds].map(String),
    publish,
    port,
    ...args,
  );

/** Looks for a while whether a container stays healthy. */
export const watchContainer = (
  engine: Engine,
  name: string,
  { target, intervalSeconds, timeoutSeconds }: Check,
  seconds: number,
): string[] => asRoot(WATCH, engine, name, target, ...[seconds, intervalSeconds, timeoutSeconds].map(String));

/** How a container that a snapshot brought along is asked whether it answers. */
export interface RestoredCheck {
  container: string;
  /** `http://` where a URL must answer with 2xx; empty where the port must take connections. */
  scheme: 'http://' | '';
  /** Undefined for one that takes no connections: it must keep running. */
  port?: number;
  path: string;
  withinSeconds: number;
  timeoutSeconds: number;
}

/** Has a container run on a server that was made from a snapshot, and waits until it answers there. */
export const checkRestored = (engine: Engine, check: RestoredCheck): string[] => {
  const { container, scheme, port, path, withinSeconds, timeoutSeconds } = check;
  const seconds = [withinSeconds, timeoutSeconds].map(String);
  return asRoot(CHECK_RESTORED, engine, container, scheme, `${port ?? '-'}`, path, ...seconds);
};

/** Runs a container to its end; its environment comes on stdin. */
export const runTask = (
  engine: Engine,
  { name, publish, port, arguments: args }: ContainerSpec,
  withinSeconds: number,
): string[] => asRoot(TASK, engine, name, String(withinSeconds), publish, port, ...args);

/** Ends containers, which have so long for it, and perhaps removes them. */
export const stopContainers = (
  engine: Engine,
  verb: 'stop' | 'remove',
  seconds: number,
  names: readonly string[],
): string[] => asRoot(STOP, engine, verb, String(seconds), ...names);

/** Which part of a container's logs. */
export interface LogRange {
  /** Whether to go on with what is written from now on, until the container ends. */
  follow?: boolean | undefined;
  /** Seconds since 1970 by the host's clock, or how long ago, such as `600s`. */
  since?: string | undefined;
  /** How many lines at most, the last ones. */
  tail?: number | undefined;
}

/** Prints a container's logs, each line with its time in front. */
export const containerLogs = (engine: Engine, name: string, { follow, since, tail }: LogRange): string[] => {
  const options = [
    ...(follow ? ['--follow'] : []),
    ...(since === undefined ? [] : ['--since', since]),
    ...(tail === undefined ? [] : ['--tail', `${tail}`]),
  ];
  return asRoot(LOGS, engine, ...options, name);
};

/** Runs a program in a container, for a person or with what stdin brings. */
export const execIn = (
  engine: Engine,
  name: string,
  command: readonly string[],
  hasTerminal: boolean,
): string[] => [
  'sudo',
  '-n',
  engine,
  'exec',
  '--interactive',
  ...(hasTerminal ? ['--tty'] : []),
  name,
  ...command,
];
