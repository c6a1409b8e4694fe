import { ShellSyntaxError, type ParameterOperator, type Script, type Word, type WordPart } from './syntax.ts';

/** A place in a script. */
export interface Cursor {
  readonly text: string;
  at: number;
}

/** Reads the script of a `$(...)`, up to and with its closing parenthesis. */
export type ReadSubstitution = (cursor: Cursor) => Script;

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const SPECIAL = /[0-9@*#?$!-]/y;
const OPERATOR = /:?[-=?+]|%%?|##?/y;

/** Ends a word that is not quoted. */
const METACHARACTERS = new Set([' ', '\t', '\n', ';', '&', '|', '<', '>', '(', ')']);

// Long runs at once: a script may carry whole files.
const PLAIN = /[^"'\\$`\s;&|<>()}]+/y;
const PLAIN_QUOTED = /[^"\\$`]+/y;

/** The text that `pattern` (sticky) matches at the cursor, which moves behind it. */
export function take(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at;
  const match = pattern.exec(cursor.text);
  if (match === null) return undefined;
  cursor.at += match[0].length;
  return match[0];
}

function takeOne(cursor: Cursor): string {
  cursor.at += 1;
  return cursor.text[cursor.at - 1]!;
}

/** Reads the words of a script. */
export interface WordReader {
  /** One word as commands have them; empty when the cursor stands at none. */
  word(cursor: Cursor): Word;
  /** What a here-document holds: parameters and substitutions count, quotes do not. */
  hereDocument(text: string): Word;
}

export function createWordReader(readSubstitution: ReadSubstitution): WordReader {
  /** Reads parts until `isEnd`, which stands unquoted. */
  function parts(cursor: Cursor, isEnd: (character: string) => boolean): WordPart[] {
    const found: WordPart[] = [];
    while (cursor.at < cursor.text.length) {
      const character = cursor.text[cursor.at]!;
      if (isEnd(character)) break;
      if (character === '"') found.push(...doubleQuoted(cursor));
      else if (character === "'") found.push(singleQuoted(cursor));
      else if (character === '\\') found.push(...escaped(cursor));
      else if (character === '$' || character === '`') found.push(expansion(cursor, false));
      else addText(found, take(cursor, PLAIN) ?? takeOne(cursor), false);
    }
    return found;
  }

  function doubleQuoted(cursor: Cursor): WordPart[] {
    cursor.at += 1;
    const found = quotedParts(cursor, '"', '$`"\\\n');
    if (cursor.text[cursor.at] !== '"') throw new ShellSyntaxError('Unterminated quoted string');
    cursor.at += 1;
    // An empty string is a word of its own; "$@" may be none at all.
    return found.length === 0 ? [{ type: 'text', text: '', quoted: true }] : found;
  }

  function quotedParts(cursor: Cursor, end: string, escapable: string): WordPart[] {
    const found: WordPart[] = [];
    while (cursor.at < cursor.text.length && cursor.text[cursor.at] !== end) {
      const character = cursor.text[cursor.at]!;
      const next = cursor.text[cursor.at + 1];
      if (character === '\\' && next !== undefined && escapable.includes(next)) {
        if (next !== '\n') addText(found, next, true);
        cursor.at += 2;
      } else if (character === '$' || character === '`') found.push(expansion(cursor, true));
      else addText(found, take(cursor, PLAIN_QUOTED) ?? takeOne(cursor), true);
    }
    return found;
  }

  function expansion(cursor: Cursor, quoted: boolean): WordPart {
    if (cursor.text[cursor.at] === '`') return backquoted(cursor, quoted);
    cursor.at += 1;
    if (cursor.text.startsWith('((', cursor.at)) return arithmetic(cursor, quoted);
    if (cursor.text[cursor.at] === '(') {
      cursor.at += 1;
      return { type: 'command', script: readSubstitution(cursor), quoted };
    }
    if (cursor.text[cursor.at] === '{') return braced(cursor, quoted);
    const name = take(cursor, NAME) ?? take(cursor, SPECIAL);
    return name === undefined ? { type: 'text', text: '$', quoted } : { type: 'parameter', name, quoted };
  }

  function braced(cursor: Cursor, quoted: boolean): WordPart {
    cursor.at += 1;
    if (isLength(cursor)) {
      cursor.at += 1;
      const name = parameterName(cursor);
      closeBrace(cursor);
      return { type: 'parameter', name, quoted, operator: 'length' };
    }
    const name = parameterName(cursor);
    const operator = take(cursor, OPERATOR) as ParameterOperator | undefined;
    if (operator === undefined) {
      closeBrace(cursor);
      return { type: 'parameter', name, quoted };
    }
    // A pattern's own quotes count inside double quotes, a default's do not.
    const isPattern = operator.startsWith('%') || operator.startsWith('#');
    const operand =
      quoted && !isPattern ? quotedOperand(cursor) : parts(cursor, character => character === '}');
    closeBrace(cursor);
    return { type: 'parameter', name, quoted, operator, operand };
  }

  function quotedOperand(cursor: Cursor): WordPart[] {
    const found: WordPart[] = [];
    while (cursor.at < cursor.text.length && cursor.text[cursor.at] !== '}') {
      if (cursor.text[cursor.at] === '"') found.push(...doubleQuoted(cursor));
      else {
        const end = cursor.text.slice(cursor.at).search(/["}]/);
        const limit = end < 0 ? cursor.text.length : cursor.at + end;
        found.push(...quotedUntil(cursor, limit));
      }
    }
    return found;
  }

  function quotedUntil(cursor: Cursor, limit: number): WordPart[] {
    const found: WordPart[] = [];
    do found.push(...quotedStep(cursor));
    while (cursor.at < limit);
    return found;
  }

  function quotedStep(cursor: Cursor): WordPart[] {
    const character = cursor.text[cursor.at]!;
    const next = cursor.text[cursor.at + 1];
    if (character === '$' || character === '`') return [expansion(cursor, true)];
    const isEscape = character === '\\' && next !== undefined && '$`"\\}'.includes(next);
    cursor.at += isEscape ? 2 : 1;
    return [{ type: 'text', text: isEscape ? next : character, quoted: true }];
  }

  function backquoted(cursor: Cursor, quoted: boolean): WordPart {
    const match = take(cursor, /`(?:[^`\\]|\\[^])*`/y);
    if (match === undefined) throw new ShellSyntaxError('EOF in backquote substitution');
    const text = match.slice(1, -1).replace(quoted ? /\\([$`\\"])/g : /\\([$`\\])/g, '$1');
    return { type: 'command', script: readSubstitution({ text: `${text}\n)`, at: 0 }), quoted };
  }

  function arithmetic(cursor: Cursor, quoted: boolean): WordPart {
    cursor.at += 2;
    const expression: WordPart[] = [];
    for (let depth = 0; depth > 0 || !cursor.text.startsWith('))', cursor.at);) {
      const character = cursor.text[cursor.at];
      if (character === undefined) throw new ShellSyntaxError('missing "))"');
      if (character === '(') depth += 1;
      if (character === ')') depth -= 1;
      expression.push(...quotedStep(cursor));
    }
    cursor.at += 2;
    return { type: 'arithmetic', expression, quoted };
  }

  return {
    word: cursor => parts(cursor, character => METACHARACTERS.has(character)),
    hereDocument: text => quotedParts({ text, at: 0 }, '', '$`\\\n'),
  };
}

const isLength = (cursor: Cursor): boolean =>
  /^#[A-Za-z0-9_@*?]/.test(cursor.text.slice(cursor.at, cursor.at + 2));

function parameterName(cursor: Cursor): string {
  const name = take(cursor, NAME) ?? take(cursor, /[0-9]+/y) ?? take(cursor, SPECIAL);
  if (name === undefined) throw new ShellSyntaxError('Bad substitution');
  return name;
}

function closeBrace(cursor: Cursor): void {
  if (cursor.text[cursor.at] !== '}') throw new ShellSyntaxError('Bad substitution');
  cursor.at += 1;
}

function singleQuoted(cursor: Cursor): WordPart {
  const match = take(cursor, /'[^']*'/y);
  if (match === undefined) throw new ShellSyntaxError('Unterminated quoted string');
  return { type: 'text', text: match.slice(1, -1), quoted: true };
}

/** A backslash quotes what follows; before a newline both vanish. */
function escaped(cursor: Cursor): WordPart[] {
  const next = cursor.text[cursor.at + 1];
  cursor.at += 2;
  return next === '\n' ? [] : [{ type: 'text', text: next ?? '\\', quoted: true }];
}

function addText(parts: WordPart[], text: string, quoted: boolean): void {
  const last = parts.at(-1);
  if (last?.type === 'text' && last.quoted === quoted)
    parts[parts.length - 1] = { ...last, text: last.text + text };
  else parts.push({ type: 'text', text, quoted });
}
