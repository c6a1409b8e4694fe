import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { SshHost } from '../../clients/ssh/ssh.ts';
import type { Engine } from '../../reconcilers/host/desired.ts';
import { containerLogs, type LogRange } from '../../reconcilers/service/commands.ts';
import { CommandFailure } from '../failure.ts';
import {
  createLineSplitter,
  createLogReader,
  sinceCursor,
  type LogCursor,
  type LogLine,
} from '../show/log-lines.ts';

/** A container's logs, and where they are asked for. */
export interface LogSource {
  host: SshHost;
  engine: Engine;
  container: string;
}

/** How a log is read. */
export interface LogReading {
  range: LogRange;
  /** How far it was read before: what comes first is left out, whatever the range says. */
  from?: LogCursor | undefined;
  /** Is told how far it was read, with every line. */
  onCursor: (cursor: LogCursor) => void;
  signal: AbortSignal;
}

/** Whoever pages through logs may take all day. */
const NO_TIMEOUT_MS = Number.MAX_SAFE_INTEGER;

/** The lines of a container's log, as fast as they are taken. Ends with it, or throws what ended it. */
export async function* readLog(
  { host, engine, container }: LogSource,
  { range, from, onCursor, signal }: LogReading,
): AsyncGenerator<LogLine, void> {
  const asked = from === undefined ? range : { follow: range.follow, since: sinceCursor(from) };
  const reader = createLogReader(from);
  let unstamped = '';
  const take = (lines: readonly string[]): LogLine[] =>
    lines.flatMap(line => {
      const read = reader.read(line);
      if (read === undefined && reader.cursor() === from) unstamped = line;
      return read ?? [];
    });
  const splitter = createLineSplitter();
  const left = new AbortController();
  const output = takeOutput(host, containerLogs(engine, container, asked), [signal, left.signal]);
  try {
    const lines = (async function* () {
      for await (const chunk of output.chunks) yield* take(splitter.push(chunk as Buffer));
      yield* take(splitter.end());
    })();
    for await (const line of lines) {
      onCursor(reader.cursor()!);
      yield line;
    }
  } finally {
    left.abort();
  }
  if ((await output.code) !== 0)
    throw new CommandFailure(`no logs of ${container}: ${unstamped.slice(-300)}`);
}

/** What a command writes, at the pace of who reads it. */
function takeOutput(
  host: SshHost,
  argv: readonly string[],
  signals: AbortSignal[],
): { chunks: PassThrough; code: Promise<number> } {
  const signal = AbortSignal.any(signals);
  const chunks = new PassThrough();
  chunks.on('error', () => undefined);
  const onOutput = (chunk: Buffer): Promise<void> | undefined => {
    if (chunks.destroyed || chunks.write(chunk)) return undefined;
    return once(chunks, 'drain', { signal }).then(
      () => undefined,
      () => undefined,
    );
  };
  const run = host.run(argv, { signal, timeoutMs: NO_TIMEOUT_MS, onOutput });
  run.then(
    () => chunks.end(),
    (error: Error) => chunks.destroy(error),
  );
  const code = run.then(result => result.code);
  code.catch(() => undefined);
  return { chunks, code };
}
