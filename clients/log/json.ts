import type { Logger } from '../log.ts';
import { createLineLogger, type LogOptions, type LogRecord } from './line-logger.ts';
import { printableLines } from './printable.ts';

/** For programs: one JSON object a line, `time`, `level` and `message` first. */
export const createJsonLogger = (options: LogOptions): Logger => createLineLogger(options, formatJson);

/** The fields come last but cannot take the place of what every line has. */
function formatJson({ time, level, message, fields }: LogRecord): string {
  const head = { time, level, message };
  return printableLines(JSON.stringify({ ...head, ...fields, ...head }));
}
