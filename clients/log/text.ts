import type { Logger } from '../log.ts';
import { createLineLogger, type LogOptions, type LogRecord } from './line-logger.ts';

/**
 * For people: `2026-01-01T00:00:00.000Z INFO  message key=value key="two words"`. Values of several lines, as a list
 * of mistakes, stand indented below.
 */
export const createTextLogger = (options: LogOptions): Logger => createLineLogger(options, formatText);

function formatText({ time, level, message, fields }: LogRecord): string {
  const texts = Object.entries(fields).map(([name, value]): [string, string] => [name, String(value)]);
  const [long, short] = [texts.filter(isLong), texts.filter(text => !isLong(text))];
  const pairs = short.map(([name, value]) => ` ${name}=${quoted(value)}`);
  return [
    `${time} ${level.toUpperCase().padEnd(5)} ${printable(message)}${pairs.join('')}`,
    ...long.flatMap(([name, value]) => `${name}: ${value.trimEnd()}`.split('\n')).map(indented),
  ].join('\n');
}

const isLong = ([, value]: [string, string]): boolean => value.trimEnd().includes('\n');
const indented = (line: string): string => `    ${printable(line)}`;

const quoted = (value: string): string =>
  /^[^\s"=]+$/.test(value) && printable(value) === value ? value : printable(JSON.stringify(value));

/**
 * What came from elsewhere (a remote command's output, an API's message) must neither begin a line of its own
 * nor move the terminal's cursor.
 */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, character => {
    if (character === '\n') return '\\n';
    return `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`;
  });
}
