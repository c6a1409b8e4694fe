import type { Logger } from '../log.ts';
import { createLineLogger, type LogOptions, type LogRecord } from './line-logger.ts';
import { printable } from './printable.ts';

/**
 * For people: `2026-01-01T00:00:00.000Z INFO  message key=value key="two words"`. Values of several lines, as a list
 * of mistakes, stand indented below.
 */
export const createTextLogger = (options: LogOptions): Logger => createLineLogger(options, formatText);

function formatText({ time, level, message, fields }: LogRecord): string {
  const texts = Object.entries(fields).map(([name, value]): [string, string] => [name, String(value)]);
  const [long, short] = [texts.filter(isLong), texts.filter(text => !isLong(text))];
  const pairs = short.map(([name, value]) => ` ${name}=${valueOf(value)}`);
  return [
    `${time} ${level.toUpperCase().padEnd(5)} ${printable(message)}${pairs.join('')}`,
    ...long.flatMap(([name, value]) => `${name}: ${value.trimEnd()}`.split('\n')).map(indented),
  ].join('\n');
}

const isLong = ([, value]: [string, string]): boolean => value.trimEnd().includes('\n');
const indented = (line: string): string => `    ${printable(line)}`;

const valueOf = (value: string): string =>
  /^[^\s"=]+$/.test(value) && printable(value) === value ? value : printable(JSON.stringify(value));
