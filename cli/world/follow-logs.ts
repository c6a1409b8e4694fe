import { sleep, type Clock } from '../../clients/clock.ts';
import { isConnectionLost } from '../../clients/ssh/errors.ts';
import type { Container } from '../../reconcilers/service/facts.ts';
import type { LogCursor, LogLine } from '../show/log-lines.ts';

/** What following a service's logs needs. */
export interface Following {
  /** The names of the servers where its containers may be now. */
  servers: () => Promise<readonly string[]>;
  /** The containers that run on a server. */
  running: (server: string, signal: AbortSignal) => Promise<readonly Container[]>;
  /** A container's log, on from there, until it ends. */
  read: (
    server: string,
    container: Container,
    cursor: { from: LogCursor | undefined; onCursor: (cursor: LogCursor) => void },
    signal: AbortSignal,
  ) => AsyncIterable<LogLine>;
  /** How far the logs were read, by `logKey`. */
  cursors: Map<string, LogCursor>;
  write: (server: string, container: Container, line: LogLine) => Promise<void>;
  /** Gets a line for what happens. */
  tell: (line: string) => void;
  clock: Clock;
  signal: AbortSignal;
}

const LOOK_MS = 3_000;

/** By which a container's log is remembered. */
export const logKey = (server: string, { name }: Container): string => `${server}/${name}`;

/**
 * Writes what containers say as they say it, those that come later too, until the signal aborts. A server that is lost
 * is asked again until it answers, and what it said meanwhile is not missing.
 */
export async function followLogs(following: Following): Promise<void> {
  const { signal, tell } = following;
  const followed = new Map<string, AbortController>();
  const ends: Promise<void>[] = [];
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    const servers = await following.servers();
    for (const [server, stop] of followed) {
      if (servers.includes(server)) continue;
      stop.abort();
      followed.delete(server);
      tell(`${server}: nothing of it runs here any more`);
    }
    for (const server of servers.filter(name => !followed.has(name))) {
      const stop = new AbortController();
      followed.set(server, stop);
      const until = AbortSignal.any([signal, stop.signal]);
      ends.push(followServer({ ...following, signal: until }, server, isFirst));
    }
    await rest(following);
  }
  await Promise.all(ends);
}

/** Until it is time for the next look. */
const rest = ({ clock, signal }: Following): Promise<void> =>
  sleep(clock, LOOK_MS, signal).catch(() => undefined);

/** @param isOld whether what runs there at first is no news. */
async function followServer(following: Following, server: string, isOld: boolean): Promise<void> {
  const { tell, signal } = following;
  const streams = new Map<string, Promise<void>>();
  let known: readonly Container[] | undefined = isOld ? undefined : [];
  let isLost = false;
  const lose = (error: unknown): void => {
    if (!isLost && !signal.aborted) tell(`${server}: ${messageOf(error)}; its logs go on when it answers`);
    isLost = true;
  };
  const begin = (container: Container): void => {
    const { name } = container;
    const stream = copyLog(following, server, container).catch(lose);
    streams.set(
      name,
      stream.finally(() => streams.delete(name)),
    );
  };
  while (!signal.aborted) {
    const running = await following.running(server, signal).catch(lose);
    if (running !== undefined && !signal.aborted) {
      if (isLost) tell(`${server}: answers again`);
      isLost = false;
      for (const news of containerNews(known ?? running, running)) tell(`${server}: ${news}`);
      known = running;
      for (const container of running) if (!streams.has(container.name)) begin(container);
    }
    await rest(following);
  }
  await Promise.all(streams.values());
}

function messageOf(error: unknown): string {
  if (isConnectionLost(error)) return 'the connection was lost';
  return error instanceof Error ? error.message : String(error);
}

/** What happened between two looks at a server. */
function containerNews(before: readonly Container[], after: readonly Container[]): string[] {
  const missingIn = (others: readonly Container[]) => (container: Container) =>
    others.every(({ name }) => name !== container.name);
  return [
    ...after
      .filter(missingIn(before))
      .map(({ name, version }) => `${name} (${version}) began, and is followed`),
    ...before.filter(missingIn(after)).map(({ name, version }) => `${name} (${version}) has ended`),
  ];
}

async function copyLog(
  { read, write, cursors, signal }: Following,
  server: string,
  container: Container,
): Promise<void> {
  const key = logKey(server, container);
  const onCursor = (cursor: LogCursor): void => void cursors.set(key, cursor);
  const cursor = { from: cursors.get(key), onCursor };
  for await (const line of read(server, container, cursor, signal)) await write(server, container, line);
}
