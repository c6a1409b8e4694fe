import { parseEnv } from 'node:util';
import { readTextFile, writeAtomically } from './files.ts';
import { ConfigurationError, formatProblems } from './problems.ts';

/**
 * The text of a .env file with that variable set. Every other character stays: comments, order, quotes, line ends.
 * A variable that was not set comes below its commented-out example, or else at the end.
 * @param value without blanks, quotes and `#`, such as an address.
 */
export function setVariable(text: string, name: string, value: string): string {
  const edited = replaceLast(text, name, value) ?? insert(text, name, value);
  if (parseEnv(edited.replace(/^\uFEFF/, ''))[name] === value) return edited;
  throw new ConfigurationError(
    `${name} is written in the file in a way that only a person can edit: set it to ${value}`,
  );
}

/**
 * Edits the file as setVariable does its text, in one atomic step; a file that is not there is made, for its owner
 * alone.
 * @throws ConfigurationError as setVariable, and when the file cannot be read or written.
 */
export async function editVariable(path: string, name: string, value: string): Promise<void> {
  const file = await readTextFile(path);
  if ('problem' in file && !file.missing) throw new ConfigurationError(formatProblems([file.problem]));
  const { text, encoding } = 'problem' in file ? ({ text: '', encoding: 'utf8' } as const) : file;
  const edited = setVariable(text, name, value);
  if (edited !== text) await writeAtomically(path, edited, { encoding, mode: 0o600 });
}

/** The last assignment is the one that counts. Quotes around its value and a comment behind it stay. */
function replaceLast(text: string, name: string, value: string): string | undefined {
  const pattern = new RegExp(
    `^(\\uFEFF?[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=[ \\t]*)("[^"\\n]*"|'[^'\\n]*'|[^\\s#]*)`,
    'gm',
  );
  const last = [...text.matchAll(pattern)].at(-1);
  if (last === undefined) return undefined;
  const [whole, before, old] = last as unknown as [string, string, string];
  const quote = /^["']/.exec(old)?.[0] ?? '';
  return text.slice(0, last.index) + before + quote + value + quote + text.slice(last.index + whole.length);
}

function insert(text: string, name: string, value: string): string {
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const example = [...text.matchAll(new RegExp(`^[ \\t]*#[ \\t]*${name}=.*$`, 'gm'))].at(-1);
  const at = example === undefined ? text.length : text.indexOf('\n', example.index) + 1 || text.length;
  const needsBreak = at > 0 && text[at - 1] !== '\n';
  return `${text.slice(0, at)}${needsBreak ? end : ''}${name}=${value}${end}${text.slice(at)}`;
}
