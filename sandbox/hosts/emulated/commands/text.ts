import type { Program } from '../model.ts';
import { fail, print } from '../shell/process.ts';
import { readOptions, type Options } from './options.ts';
import { linesOf, readOperands } from './reading.ts';
import { parseSize } from './sizes.ts';

const lineText = (lines: readonly string[]): string => lines.map(line => `${line}\n`).join('');

const head: Program = async process => {
  const options = readOptions(numberOption(process.args.slice(1)), ['n=|lines=', 'c=|bytes=', 'q']);
  const { contents, failed } = await readOperands(process, options.operands);
  for (const { data } of contents)
    if (options.has('c')) await process.output.write(data.subarray(0, Number(options.value('c'))));
    else await print(process, lineText(linesOf(data).slice(0, Number(options.value('n') ?? 10))));
  return failed ? 1 : 0;
};

const tail: Program = async process => {
  const options = readOptions(numberOption(process.args.slice(1)), ['n=|lines=', 'c=|bytes=', 'q']);
  const { contents, failed } = await readOperands(process, options.operands);
  for (const { data } of contents) {
    const wanted = options.value('c') ?? options.value('n') ?? '10';
    const parts = options.has('c') ? undefined : linesOf(data);
    const length = parts?.length ?? data.length;
    // `+N` counts from the begin.
    const start = wanted.startsWith('+') ? Number(wanted) - 1 : Math.max(0, length - Number(wanted));
    if (parts === undefined) await process.output.write(data.subarray(start));
    else await print(process, lineText(parts.slice(Math.max(0, start))));
  }
  return failed ? 1 : 0;
};

/** `-3` is short for `-n 3`. */
const numberOption = (args: readonly string[]): string[] =>
  args.flatMap(argument => (/^-\d+$/.test(argument) ? ['-n', argument.slice(1)] : [argument]));

const grep: Program = async process => {
  const options = readOptions(process.args.slice(1), [
    'q|quiet', 's', 'v|invert-match', 'i', 'x|line-regexp', 'F|fixed-strings', 'E|extended-regexp', 'c|count',
    'o', 'n', 'h', 'l', 'm=', 'e=', 'w', 'a',
  ]); // prettier-ignore
  const patterns = options.has('e') ? options.values('e') : options.operands.slice(0, 1);
  const names = options.has('e') ? options.operands : options.operands.slice(1);
  const expression = grepExpression(
    patterns.flatMap(pattern => pattern.split('\n')),
    options,
  );
  const { contents, failed } = await readOperands(process, names);
  let isFound = false;
  for (const { name, data } of contents) {
    const lines = linesOf(data);
    const found = lines.filter(line => expression.test(line) !== options.has('v'));
    isFound ||= found.length > 0;
    if (options.has('q')) continue;
    const prefix = contents.length > 1 && !options.has('h') ? `${name}:` : '';
    await print(process, grepOutput(found, lines, expression, options, prefix, name));
  }
  return failed && !isFound ? 2 : Number(!isFound);
};

function grepOutput(
  found: readonly string[],
  lines: readonly string[],
  expression: RegExp,
  options: Options,
  prefix: string,
  name: string,
): string {
  if (options.has('l')) return found.length > 0 ? `${name}\n` : '';
  if (options.has('c')) return `${prefix}${found.length}\n`;
  const most = found.slice(0, Number(options.value('m') ?? found.length));
  if (options.has('o'))
    return lineText(
      most.flatMap(line => line.match(new RegExp(expression.source, `${expression.flags}g`)) ?? []),
    );
  const number = (line: string): string => (options.has('n') ? `${lines.indexOf(line) + 1}:` : '');
  return lineText(most.map(line => `${prefix}${number(line)}${line}`));
}

function grepExpression(patterns: readonly string[], options: Options): RegExp {
  const sources = patterns.map(pattern => {
    if (options.has('F')) return pattern.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    return options.has('E') ? extendedSource(pattern) : basicSource(pattern);
  });
  const joined = sources
    .map(source => (options.has('w') ? `\\b(?:${source})\\b` : `(?:${source})`))
    .join('|');
  return new RegExp(options.has('x') ? `^(?:${joined})$` : joined, options.has('i') ? 'i' : '');
}

const CLASSES: Record<string, string> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  digit: '0-9',
  space: '\\s',
  blank: ' \\t',
};

export const extendedSource = (pattern: string): string =>
  pattern.replace(/\[:([a-z]+):\]/g, (_, name: string) => CLASSES[name] ?? '');

/** In a basic expression the braces, bars and pluses of an extended one need a backslash. */
export const basicSource = (pattern: string): string =>
  extendedSource(pattern).replace(/\[[^\]]*\]|\\?[(){}|+?]/g, token => {
    if (token.startsWith('[')) return token;
    return token.startsWith('\\') ? token.slice(1) : `\\${token}`;
  });

const wc: Program = async process => {
  const options = readOptions(process.args.slice(1), ['l|lines', 'w|words', 'c|bytes', 'm']);
  const { contents, failed } = await readOperands(process, options.operands);
  for (const { name, data } of contents) {
    const text = data.toString();
    const counts = {
      l: text.split('\n').length - 1,
      w: text.split(/\s+/).filter(word => word !== '').length,
      c: data.length,
    };
    const wanted = (['l', 'w', 'c'] as const).filter(key => options.has(key));
    const values = (wanted.length === 0 ? (['l', 'w', 'c'] as const) : wanted).map(key =>
      String(counts[key]),
    );
    const isBare = values.length === 1 && name === '-';
    await print(
      process,
      isBare
        ? `${values[0]}\n`
        : `${values.map(value => value.padStart(name === '-' ? 7 : 1)).join(' ')}${name === '-' ? '' : ` ${name}`}\n`,
    );
  }
  return failed ? 1 : 0;
};

const cut: Program = async process => {
  const options = readOptions(process.args.slice(1), [
    'd=|delimiter=',
    'f=|fields=',
    'c=|characters=',
    'b=',
    's',
  ]);
  const list = options.value('f') ?? options.value('c') ?? options.value('b');
  if (list === undefined) return fail(process, 'you must specify a list of bytes, characters, or fields');
  const isField = options.has('f');
  const delimiter = isField ? (options.value('d') ?? '\t') : '';
  const isWanted = positions(list);
  const { contents, failed } = await readOperands(process, options.operands);
  for (const line of contents.flatMap(({ data }) => linesOf(data))) {
    const parts = line.split(delimiter);
    const isWhole = isField && parts.length === 1;
    if (isWhole && options.has('s')) continue;
    await print(
      process,
      `${isWhole ? line : parts.filter((_, index) => isWanted(index + 1)).join(delimiter)}\n`,
    );
  }
  return failed ? 1 : 0;
};

/** `1,3-5,7-` */
function positions(list: string): (position: number) => boolean {
  const ranges = list.split(',').map(range => {
    const [first = '', last] = range.split('-');
    return [Number(first || 1), last === undefined ? Number(first) : Number(last || Infinity)] as const;
  });
  return position => ranges.some(([first, last]) => first <= position && position <= last);
}

const sort: Program = async process => {
  const options = readOptions(process.args.slice(1), ['r', 'n', 'h', 'u']);
  const { contents, failed } = await readOperands(process, options.operands);
  const sizeOf = options.has('n') || options.has('h') ? leadingSize : () => 0;
  const lines = contents
    .flatMap(({ data }) => linesOf(data))
    .sort((a, b) => sizeOf(a) - sizeOf(b) || Number(a > b) - Number(a < b));
  if (options.has('r')) lines.reverse();
  await print(process, lineText(options.has('u') ? [...new Set(lines)] : lines));
  return failed ? 1 : 0;
};

/** 0 for a line without one. */
const leadingSize = (line: string): number => parseSize(/^\s*([\d.]+[KMGT]?)/.exec(line)?.[1] ?? '0');

/** `tr a-z A-Z`, `tr -d @`. */
const tr: Program = async process => {
  const options = readOptions(process.args.slice(1), ['d|delete']);
  const [from = '', to = ''] = options.operands.map(characterSet);
  const { contents } = await readOperands(process, []);
  const text = Array.from(contents[0]!.data.toString(), character => {
    const index = from.indexOf(character);
    if (index < 0) return character;
    return options.has('d') ? '' : (to[index] ?? to.at(-1) ?? character);
  });
  await print(process, text.join(''));
  return 0;
};

/** `a-z`, `\n`, `\0`. */
const characterSet = (text: string): string =>
  text
    .replaceAll('\\n', '\n')
    .replaceAll('\\t', '\t')
    .replace(/\\([0-7]{1,3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    .replace(/(.)-(.)/gs, (_, first: string, last: string) =>
      Array.from({ length: last.charCodeAt(0) - first.charCodeAt(0) + 1 }, (_entry, index) =>
        String.fromCharCode(first.charCodeAt(0) + index),
      ).join(''),
    );

const seq: Program = async process => {
  const numbers = process.args.slice(1).map(Number);
  const [first, step, last] =
    numbers.length === 1
      ? [1, 1, numbers[0]!]
      : numbers.length === 2
        ? [numbers[0]!, 1, numbers[1]!]
        : (numbers as [number, number, number]);
  for (let value = first; step > 0 ? value <= last : value >= last; value += step)
    await print(process, `${value}\n`);
  return 0;
};

/** What reads lines. */
export const TEXT: Readonly<Record<string, Program>> = { head, tail, grep, wc, cut, sort, tr, seq };
