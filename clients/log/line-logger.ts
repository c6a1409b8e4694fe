import type { Clock } from '../clock.ts';
import type { LogFields, Logger } from '../log.ts';
import { isLogged, type LogLevel } from './levels.ts';

/** Where lines go; a Node stream is one. */
interface LineSink {
  write(text: string): unknown;
}

/** What a logger needs. */
export interface LogOptions {
  sink: LineSink;
  clock: Pick<Clock, 'now'>;
  /** The least that is written. */
  level: LogLevel;
}

/** One thing to say, before it has a form. */
export interface LogRecord {
  /** RFC 3339 in UTC, to the millisecond. */
  time: string;
  level: LogLevel;
  message: string;
  /** Without those that are undefined. */
  fields: Record<string, string | number | boolean>;
}

/** A logger that writes each record as `format` makes it, with a line feed after it. */
export function createLineLogger(options: LogOptions, format: (record: LogRecord) => string): Logger {
  return lineLogger(options, format, {});
}

function lineLogger(options: LogOptions, format: (record: LogRecord) => string, standing: LogFields): Logger {
  const logAt =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (!isLogged(level, options.level)) return;
      const time = new Date(options.clock.now()).toISOString();
      const record = { time, level, message, fields: defined({ ...standing, ...fields }) };
      options.sink.write(`${format(record)}\n`);
    };
  return {
    debug: logAt('debug'),
    info: logAt('info'),
    warn: logAt('warn'),
    error: logAt('error'),
    with: fields => lineLogger(options, format, { ...standing, ...fields }),
  };
}

function defined(fields: LogFields): LogRecord['fields'] {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
