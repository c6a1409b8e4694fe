import { StringDecoder } from 'node:string_decoder';
import { printable } from '../../clients/log/printable.ts';

/** A line that a container wrote. */
export interface LogLine {
  /** When, in nanoseconds since 1970 by its host's clock. */
  at: bigint;
  /** The same as the engine wrote it. */
  time: string;
  text: string;
}

const STAMPED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)(?: (.*))?$/s;

/** Reads a line of `logs --timestamps`, of docker or podman; undefined where no time is in front. */
export function parseLogLine(line: string): LogLine | undefined {
  const match = STAMPED.exec(line);
  if (match === null) return undefined;
  const [, seconds = '', fraction = '', zone = '', text = ''] = match;
  const ms = Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(ms)) return undefined;
  const at = BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
  return { at, time: `${seconds}${fraction === '' ? '' : `.${fraction}`}${zone}`, text };
}

/** How much of a line is waited for before it counts as one: what never ends a line must not fill the memory. */
const LONGEST_LINE = 1024 * 1024;

/** Makes lines of what comes in pieces. `end` answers what the last one was, unless it was ended. */
export function createLineSplitter(): { push(chunk: Buffer): string[]; end(): string[] } {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    push(chunk) {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop()!;
      if (rest.length > LONGEST_LINE) {
        lines.push(rest);
        rest = '';
      }
      return lines.map(withoutReturn);
    },
    end() {
      const last = rest + decoder.end();
      rest = '';
      return last === '' ? [] : [withoutReturn(last)];
    },
  };
}

const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);

/** How far a container's logs were read: the time of the last line, and how many lines of that very time there were. */
export interface LogCursor {
  at: bigint;
  count: number;
}

/** Where to begin asking, so that nothing is missing: whole seconds, which every engine understands alike. */
export const sinceCursor = ({ at }: LogCursor): string => `${at / 1_000_000_000n - 1n}`;

/**
 * Reads the lines that an engine prints, and leaves out those that were read before. A line without a time belongs to
 * the one in front of it.
 *
 * @param from how far they were read before.
 */
export function createLogReader(from: LogCursor | undefined): {
  read(line: string): LogLine | undefined;
  cursor(): LogCursor | undefined;
} {
  let cursor = from;
  let skip = from?.count ?? 0;
  let last: LogLine | undefined;
  return {
    cursor: () => cursor,
    read(line) {
      const stamped = parseLogLine(line);
      if (stamped === undefined) return last && { ...last, text: line };
      last = undefined;
      if (from !== undefined && stamped.at < from.at) return undefined;
      if (from !== undefined && stamped.at === from.at && skip > 0) {
        skip--;
        return undefined;
      }
      const isSame = cursor?.at === stamped.at;
      cursor = { at: stamped.at, count: isSame ? cursor!.count + 1 : 1 };
      last = stamped;
      return stamped;
    },
  };
}

/** The lines of several logs as one, by time; each by itself is in order. Takes no more of any than it needs. */
export async function* mergeByTime<Line extends { at: bigint }>(
  logs: readonly AsyncIterable<Line>[],
): AsyncGenerator<Line, void> {
  const iterators = logs.map(log => log[Symbol.asyncIterator]());
  const heads = await Promise.all(iterators.map(iterator => iterator.next()));
  for (;;) {
    let first: number | undefined;
    for (const [i, head] of heads.entries())
      if (!head.done && (first === undefined || head.value.at < (heads[first]!.value as Line).at)) first = i;
    if (first === undefined) return;
    yield heads[first]!.value as Line;
    heads[first] = await iterators[first]!.next();
  }
}

/** The last so many. */
export async function* lastOf<Line>(lines: AsyncIterable<Line>, count: number): AsyncGenerator<Line, void> {
  let kept: Line[] = [];
  for await (const line of lines) {
    kept.push(line);
    if (kept.length > 2 * count + 100) kept = kept.slice(-count);
  }
  yield* count === 0 ? [] : kept.slice(-count);
}

/** How a line is shown. */
export interface LineStyle {
  /** Wide enough for every server's name. */
  width: number;
  hasColor: boolean;
  /** Whether a terminal would obey what stands in it. */
  isTerminal: boolean;
  hasTime: boolean;
}

/** A line with its server's name in front. */
export function showLogLine(
  server: string,
  { time, text }: Pick<LogLine, 'time' | 'text'>,
  { width, hasColor, isTerminal, hasTime }: LineStyle,
): string {
  const name = `${server.padEnd(width)} |`;
  const shown = isTerminal ? harmless(text) : text;
  return `${hasColor ? colored(server, name) : name} ${hasTime ? `${time} ` : ''}${shown}`;
}

/** Programs that think they write to a terminal colour their lines: colours are left out, and what else it obeys is shown. */
const harmless = (text: string): string =>
  text
    // oxlint-disable-next-line no-control-regex -- it is about these
    .replace(/\u001b\[[\d;]*m/g, '')
    .split('\t')
    .map(printable)
    .join('\t');

/** Cyan, yellow, green, magenta, blue, and their bright ones: all can be read on black and on white. */
const COLORS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];

/** By the number in its name, so that neighbours differ. */
function colored(server: string, text: string): string {
  const number = Number(/\d+$/.exec(server)?.[0] ?? 0);
  return `\u001b[${COLORS[number % COLORS.length]}m${text}\u001b[0m`;
}
