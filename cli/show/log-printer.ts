import { printable } from '../../clients/log/printable.ts';
import type { Container } from '../../reconcilers/service/facts.ts';
import type { GlobalOptions } from '../options.ts';
import { showLogLine, type LogLine } from './log-lines.ts';

/** Where a service's logs go. */
export interface LogPrinter {
  /** Resolves when more can be taken. */
  print(server: string, container: Container, line: LogLine): Promise<void>;
  /** Says something that no container wrote, beside the logs. */
  tell(line: string): void;
}

/** Prints lines to standard output, at its pace: for people with the server in front, else a JSON value a line. */
export function createLogPrinter(
  { output, timestamps = false }: GlobalOptions & { timestamps?: boolean },
  servers: readonly string[],
  signal: AbortSignal,
): LogPrinter {
  const { stdout, stderr } = process;
  const style = {
    width: Math.max(...servers.map(({ length }) => length)),
    isTerminal: stdout.isTTY,
    hasColor: stdout.isTTY && isColorWanted(process.env),
    hasTime: timestamps,
  };
  return {
    async print(server, { name, version }, line) {
      const { time, text } = line;
      const shown =
        output === 'json'
          ? jsonOf({ time, server, container: name, version, text }, style.isTerminal)
          : showLogLine(server, line, style);
      if (stdout.writable && !stdout.write(`${shown}\n`)) await untilTaken(stdout, signal);
    },
    tell: line => void stderr.write(`${printable(line)}\n`),
  };
}

/** Until its reader took what was written; one that is gone never does, and ends the command by the signal. */
function untilTaken(stream: NodeJS.WriteStream, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      for (const event of ['drain', 'error', 'close']) stream.removeListener(event, done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    for (const event of ['drain', 'error', 'close']) stream.once(event, done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}

function jsonOf(value: object, isTerminal: boolean): string {
  const text = JSON.stringify(value);
  return isTerminal ? printable(text) : text;
}

/** See no-color.org; a dumb terminal shows them as they are. */
const isColorWanted = ({ NO_COLOR = '', TERM }: NodeJS.ProcessEnv): boolean =>
  NO_COLOR === '' && TERM !== 'dumb';
