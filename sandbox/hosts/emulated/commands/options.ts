import { NotEmulatedError } from '../shell/execute.ts';

/** What a program was called with. */
export interface Options {
  has(option: string): boolean;
  /** The last value given. */
  value(option: string): string | undefined;
  /** All values given, in order. */
  values(option: string): readonly string[];
  readonly operands: readonly string[];
}

/**
 * Reads arguments as getopt does. `known` lists options without dashes; those with a value end in `=`. A long
 * name after `|` is the same option, as in `m=|mode=`. Throws NotEmulatedError for any other.
 */
export function readOptions(
  args: readonly string[],
  known: readonly string[],
  { stopAtOperand = false } = {},
): Options {
  const spellings = new Map(
    known.flatMap(entry => entry.split('|').map(name => [name, entry.split('|')[0]!])),
  );
  const found: [string, string][] = [];
  const operands: string[] = [];
  const rest = [...args];

  function takeLong(argument: string): void {
    const [name, value] = cut(argument.slice(2));
    const key = spellings.get(name) ?? spellings.get(`${name}=`);
    if (key === undefined) throw new NotEmulatedError(`option --${name}`);
    const wantsValue = spellings.has(`${name}=`) && (value !== undefined || !spellings.has(name));
    found.push([key.replace('=', ''), (wantsValue ? (value ?? rest.shift()) : value) ?? '']);
  }

  function takeShort(argument: string): void {
    for (let letters = argument.slice(1); letters !== ''; letters = letters.slice(1)) {
      const letter = letters[0]!;
      const withValue = spellings.get(`${letter}=`);
      if (withValue !== undefined) {
        found.push([withValue.replace('=', ''), letters.slice(1) || (rest.shift() ?? '')]);
        return;
      }
      const key = spellings.get(letter);
      if (key === undefined) throw new NotEmulatedError(`option -${letter}`);
      found.push([key.replace('=', ''), '']);
    }
  }

  while (rest.length > 0) {
    const argument = rest.shift()!;
    if (argument === '--') operands.push(...rest.splice(0));
    else if (argument.startsWith('--')) takeLong(argument);
    else if (argument.length > 1 && argument.startsWith('-')) takeShort(argument);
    else operands.push(argument, ...(stopAtOperand ? rest.splice(0) : []));
  }
  const values = (option: string): string[] =>
    found.filter(([key]) => key === option).map(([, value]) => value);
  return {
    has: option => found.some(([key]) => key === option),
    value: option => values(option).at(-1),
    values,
    operands,
  };
}

function cut(text: string): [name: string, value: string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
