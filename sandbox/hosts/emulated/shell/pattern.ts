/** A piece of a pattern; the quoted ones stand for themselves. */
export interface PatternPiece {
  readonly text: string;
  readonly quoted: boolean;
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** Whether anything in it could match more than itself. */
export const isPattern = (pieces: readonly PatternPiece[]): boolean =>
  pieces.some(({ text, quoted }) => !quoted && /[*?[]/.test(text));

/** Matches what the shell's pattern matches, from begin to end. */
export const patternExpression = (pieces: readonly PatternPiece[]): RegExp =>
  new RegExp(`^${patternSource(pieces)}$`, 's');

function patternSource(pieces: readonly PatternPiece[]): string {
  // Quoted characters are marked, so that a bracket expression may reach over pieces.
  const characters = pieces.flatMap(({ text, quoted }) =>
    Array.from(text, character => ({ character, quoted })),
  );
  let source = '';
  for (let index = 0; index < characters.length; index++) {
    const { character, quoted } = characters[index]!;
    const bracket = !quoted && character === '[' ? bracketAt(characters, index) : undefined;
    if (bracket !== undefined) {
      source += bracket.source;
      index = bracket.end;
    } else if (quoted) source += escape(character);
    else if (character === '*') source += '.*';
    else if (character === '?') source += '.';
    else source += escape(character);
  }
  return source;
}

const CLASSES: Record<string, string> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  blank: ' \\t',
  digit: '0-9',
  lower: 'a-z',
  space: '\\s',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
};

/** `[a-z]`, `[!0-9]`, `[[:digit:]]`; undefined where the bracket is never closed, and so stands for itself. */
function bracketAt(
  characters: readonly { character: string; quoted: boolean }[],
  start: number,
): { source: string; end: number } | undefined {
  const text = characters.map(({ character }) => character).join('');
  const match = /^\[([!^]?)(\]?(?:\[:[a-z]+:\]|[^\]])*)\]/s.exec(text.slice(start));
  if (match === null) return undefined;
  const members = match[2]!
    .replace(/[\\\][^]/g, '\\$&')
    .replace(/\\\[:([a-z]+):\\\]/g, (_, name: string) => CLASSES[name] ?? '');
  return { source: `[${match[1] === '' ? '' : '^'}${members}]`, end: start + match[0].length - 1 };
}

/** Takes the shortest or longest match away from the begin or the end. */
export function trimPattern(
  text: string,
  pieces: readonly PatternPiece[],
  side: 'start' | 'end',
  longest: boolean,
): string {
  const expression = patternExpression(pieces);
  const lengths = Array.from({ length: text.length + 1 }, (_, length) => length);
  for (const length of longest ? lengths.toReversed() : lengths) {
    const cut = side === 'start' ? length : text.length - length;
    const part = side === 'start' ? text.slice(0, cut) : text.slice(cut);
    if (expression.test(part)) return side === 'start' ? text.slice(cut) : text.slice(0, cut);
  }
  return text;
}
