import type { Program } from '../model.ts';
import { NotEmulatedError } from '../shell/execute.ts';
import { absolutePath, print } from '../shell/process.ts';
import { readOptions } from './options.ts';
import { linesOf, readOperands } from './reading.ts';
import { basicSource, extendedSource } from './text.ts';

/** Whether an instruction concerns a line, by its number, its text, and whether it is the last. */
type Address = (number: number, line: string, isLast: boolean) => boolean;

interface Instruction {
  readonly address: Address;
  readonly action: 'p' | 'd' | 'q' | ((line: string) => string | undefined);
  /** Prints what it substituted. */
  readonly prints: boolean;
}

const ADDRESS = String.raw`(?:\d+|\$|/(?:[^/\\]|\\.)*/)`;
const INSTRUCTION = new RegExp(String.raw`^\s*(${ADDRESS})?(?:,(${ADDRESS}))?\s*(!?)([pdq]|s(.).*)\s*$`, 's');

/** `s/a/b/g`, `/a/d`, `1,3p` and the like. */
const sed: Program = async process => {
  const options = readOptions(process.args.slice(1), ['n|quiet', 'e=', 'E|r', 'i', 's']);
  const scripts = options.has('e') ? options.values('e') : options.operands.slice(0, 1);
  const names = options.has('e') ? options.operands : options.operands.slice(1);
  const source = options.has('E') ? extendedSource : basicSource;
  const instructions = scripts.flatMap(script =>
    splitScript(script).map(text => parseInstruction(text, source)),
  );
  const { contents, failed } = await readOperands(process, names);
  for (const { name, data } of contents) {
    const text = edit(linesOf(data), instructions, options.has('n'));
    if (options.has('i')) process.files.write(absolutePath(process, name), Buffer.from(text));
    else await print(process, text);
  }
  return failed ? 2 : 0;
};

const splitScript = (script: string): string[] =>
  (
    script.match(
      /(?:\bs([|#,@!:])(?:\\.|(?!\1)[^\\])*\1(?:\\.|(?!\1)[^\\])*\1|[^;\n\\/]|\\.|\/(?:[^/\\]|\\.)*\/(?:(?:[^/\\]|\\.)*\/)?)+/g,
    ) ?? []
  ).filter(text => text.trim() !== '');

function parseInstruction(text: string, source: (pattern: string) => string): Instruction {
  const match = INSTRUCTION.exec(text);
  if (match === null) throw new NotEmulatedError(`the instruction ${text}`);
  const [, from, to, not, action = '', delimiter] = match;
  const address = addressOf(from, to, source);
  const negated: Address = not === '!' ? (...line) => !address(...line) : address;
  if (delimiter === undefined) return { address: negated, action: action as 'p' | 'd' | 'q', prints: false };
  const parts = action
    .slice(2)
    .split(new RegExp(String.raw`(?<!\\)[${delimiter === '^' ? '\\^' : delimiter}]`));
  const [pattern = '', replacement = '', flags = ''] = parts;
  if (parts.length !== 3 || /[^gpI]/.test(flags)) throw new NotEmulatedError(`the instruction ${text}`);
  const expression = new RegExp(source(pattern), flags.replace(/[^gI]/g, '').replace('I', 'i'));
  return {
    address: negated,
    action: substitution(expression, replacement, delimiter),
    prints: flags.includes('p'),
  };
}

function substitution(expression: RegExp, replacement: string, delimiter: string) {
  return (line: string): string | undefined => {
    if (line.search(expression) < 0) return undefined;
    return line.replace(expression, (...match: (string | number | undefined)[]) =>
      replacement.replace(/\\(.)|&/gs, (token, character: string | undefined) => {
        if (token === '&') return String(match[0]);
        if (/\d/.test(character!)) return String(match[Number(character)] ?? '');
        return { n: '\n', t: '\t' }[character!] ?? (character === delimiter ? delimiter : character!);
      }),
    );
  };
}

function addressOf(
  from: string | undefined,
  to: string | undefined,
  source: (pattern: string) => string,
): Address {
  const single = (text: string): Address => {
    if (text === '$') return (_number, _line, isLast) => isLast;
    if (/^\d/.test(text)) return number => number === Number(text);
    const expression = new RegExp(source(text.slice(1, -1)));
    return (_number, line) => expression.test(line);
  };
  if (from === undefined) return () => true;
  const begins = single(from);
  if (to === undefined) return begins;
  const ends = single(to);
  let isInside = false;
  return (number, line, isLast) => {
    if (isInside) {
      if (ends(number, line, isLast)) isInside = false;
      return true;
    }
    if (!begins(number, line, isLast)) return false;
    isInside = !(/^\d/.test(to) && Number(to) <= number);
    return true;
  };
}

function edit(lines: readonly string[], instructions: readonly Instruction[], quiet: boolean): string {
  const output: string[] = [];
  for (const [index, original] of lines.entries()) {
    let line = original;
    let isDeleted = false;
    let isOver = false;
    for (const { address, action, prints } of instructions) {
      if (!address(index + 1, line, index === lines.length - 1)) continue;
      if (action === 'p') output.push(line);
      else if (action === 'd') isDeleted = true;
      else if (action === 'q') isOver = true;
      else {
        const replaced = action(line);
        if (replaced !== undefined && prints) output.push(replaced);
        line = replaced ?? line;
      }
      if (isDeleted || isOver) break;
    }
    if (!quiet && !isDeleted) output.push(line);
    if (isOver) break;
  }
  return output.map(line => `${line}\n`).join('');
}

const AWK =
  /^\s*(?:(NR|\$\d+)\s*(==|!=|>=|<=|>|<)\s*("[^"]*"|\d+)|\/((?:[^/\\]|\\.)*)\/)?\s*(?:\{\s*print\b([^}]*)\})?\s*$/;

/** One rule: `NR == 2 { print $2, $4 }`, `/text/`, `{ print $1 }`. */
const awk: Program = async process => {
  const options = readOptions(process.args.slice(1), ['F='], { stopAtOperand: true });
  const [program = '', ...names] = options.operands;
  const match = AWK.exec(program);
  if (match === null || program.trim() === '') throw new NotEmulatedError(`the program ${program}`);
  const separator = options.value('F');
  const { contents, failed } = await readOperands(process, names);
  for (const [index, line] of contents.flatMap(({ data }) => linesOf(data)).entries()) {
    const fields = separator === undefined ? line.trim().split(/\s+/) : line.split(separator);
    const field = (number: number): string => (number === 0 ? line : (fields[number - 1] ?? ''));
    if (isWanted(match, index + 1, line, field)) await print(process, `${printed(match[5], line, field)}\n`);
  }
  return failed ? 2 : 0;
};

function isWanted(
  match: RegExpExecArray,
  number: number,
  line: string,
  field: (number: number) => string,
): boolean {
  const [, left, operator = '', right = '', pattern] = match;
  if (pattern !== undefined) return new RegExp(extendedSource(pattern)).test(line);
  if (left === undefined) return true;
  const value = left === 'NR' ? String(number) : field(Number(left.slice(1)));
  const isText = right.startsWith('"');
  const [a, b] = isText ? [value, right.slice(1, -1)] : [Number(value), Number(right)];
  return { '==': a === b, '!=': a !== b, '>': a > b, '<': a < b, '>=': a >= b, '<=': a <= b }[operator]!;
}

function printed(list: string | undefined, line: string, field: (number: number) => string): string {
  if (list === undefined || list.trim() === '') return line;
  return list
    .split(',')
    .map(item => {
      const text = item.trim();
      if (/^\$\d+$/.test(text)) return field(Number(text.slice(1)));
      if (/^"[^"]*"$/.test(text)) return text.slice(1, -1);
      const product = /^int\(\s*\$(\d+)\s*\*\s*([\d.]+)\s*\)$/.exec(text);
      if (product !== null) return String(Math.trunc(Number(field(Number(product[1]))) * Number(product[2])));
      throw new NotEmulatedError(`print ${text}`);
    })
    .join(' ');
}

/** The editors of streams, as far as one line of them goes. */
export const EDITING: Readonly<Record<string, Program>> = { sed, awk };
