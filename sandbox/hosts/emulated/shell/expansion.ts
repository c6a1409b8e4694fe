import { findUser } from '../users.ts';
import { evaluateArithmetic } from './arithmetic.ts';
import { matchFiles } from './file-names.ts';
import { isPattern, trimPattern, type PatternPiece } from './pattern.ts';
import { setVariable, ShellError, type ShellState } from './state.ts';
import type { Script, Word, WordPart } from './syntax.ts';

/** Runs a command substitution; resolves with its output, without the newlines at its end. */
export type Substitute = (state: ShellState, script: Script) => Promise<string>;

/** A piece of an expanded word; `split` says that blanks in it end a field. `boundary` ends one anyway. */
type Piece = (PatternPiece & { readonly split: boolean }) | 'boundary';

type Parameter = Extract<WordPart, { type: 'parameter' }>;

/** Turns words into text. Rejects with ShellError or ShellSyntaxError. */
export interface Expander {
  /** The fields that a command's words become. */
  fields(state: ShellState, words: readonly Word[]): Promise<string[]>;
  /** One text: of an assignment, a redirection, a here-document. */
  text(state: ShellState, word: Word): Promise<string>;
  /** A pattern, with its quoted pieces marked. */
  pattern(state: ShellState, word: Word): Promise<PatternPiece[]>;
}

export function createExpander(substitute: Substitute): Expander {
  async function pieces(state: ShellState, word: Word, inOperand = false): Promise<Piece[]> {
    const found: Piece[] = [];
    for (const [index, part] of word.entries()) {
      if (part.type === 'text')
        found.push(...textPieces(state, part.text, part.quoted, index === 0 && !inOperand, inOperand));
      else if (part.type === 'parameter') found.push(...(await parameter(state, part)));
      else {
        const text =
          part.type === 'command'
            ? await substitute(state, part.script)
            : await arithmetic(state, part.expression);
        found.push({ text, quoted: part.quoted, split: !part.quoted });
      }
    }
    return found;
  }

  async function arithmetic(state: ShellState, expression: Word): Promise<string> {
    return evaluateArithmetic(await text(state, expression), {
      get: name => state.variables.get(name)?.value,
      set: (name, value) => setVariable(state, name, value),
    });
  }

  async function parameter(state: ShellState, part: Parameter): Promise<Piece[]> {
    const { name, operator, quoted } = part;
    if ((name === '@' || name === '*') && operator === undefined) return allPositional(state, name, quoted);
    const value = valueOf(state, name);
    const piece = (text: string): Piece[] => [{ text, quoted, split: !quoted }];
    if (operator === undefined || operator === 'length') {
      if (value === undefined && state.options.has('u')) throw new ShellError(`${name}: parameter not set`);
      return piece(operator === undefined ? (value ?? '') : String(Array.from(value ?? '').length));
    }
    if (operator.startsWith('%') || operator.startsWith('#')) {
      const side = operator.startsWith('%') ? 'end' : 'start';
      const pattern = await patternPieces(state, part.operand ?? []);
      return piece(trimPattern(value ?? '', pattern, side, operator.length === 2));
    }
    const isMissing = value === undefined || (operator.startsWith(':') && value === '');
    const operand = (): Promise<Piece[]> => pieces(state, part.operand ?? [], true);
    const kind = operator.at(-1);
    if (kind === '+') return isMissing ? piece('') : operand();
    if (!isMissing) return piece(value);
    if (kind === '-') return operand();
    const text = joined(await operand());
    if (kind === '?') throw new ShellError(`${name}: ${text || 'parameter not set'}`);
    setVariable(state, name, text);
    return piece(text);
  }

  const patternPieces = async (state: ShellState, word: Word): Promise<PatternPiece[]> =>
    (await pieces(state, word)).filter(piece => piece !== 'boundary');

  async function text(state: ShellState, word: Word): Promise<string> {
    return joined(await pieces(state, word));
  }

  return {
    async fields(state, words) {
      const found: string[] = [];
      for (const word of words)
        for (const field of splitFields(await pieces(state, word), valueOf(state, 'IFS') ?? ' \t\n'))
          found.push(...namesMatching(state, field));
      return found;
    },
    text,
    pattern: patternPieces,
  };
}

function namesMatching(state: ShellState, field: PatternPiece[]): string[] {
  if (!isPattern(field) || state.options.has('f')) return [joined(field)];
  const names = matchFiles(state.process.files, state.cwd, field);
  return names.length > 0 ? names : [joined(field)];
}

const joined = (pieces: readonly (PatternPiece | 'boundary')[]): string =>
  pieces.map(piece => (piece === 'boundary' ? ' ' : piece.text)).join('');

function textPieces(
  state: ShellState,
  text: string,
  quoted: boolean,
  isFirst: boolean,
  split: boolean,
): Piece[] {
  const [tilde, user = ''] = (isFirst && !quoted && /^~([a-z_][a-z0-9_-]*)?(?=\/|$)/.exec(text)) || [];
  const { files } = state.process.machine;
  const home = user === '' ? state.variables.get('HOME')?.value : findUser(files, user)?.home;
  if (tilde === undefined || home === undefined) return [{ text, quoted, split: split && !quoted }];
  return [
    { text: home, quoted: true, split: false },
    { text: text.slice(tilde.length), quoted: false, split: false },
  ];
}

function allPositional(state: ShellState, name: '@' | '*', quoted: boolean): Piece[] {
  const separator = (state.variables.get('IFS')?.value ?? ' ').slice(0, 1);
  if (quoted && name === '*') return [{ text: state.positional.join(separator), quoted, split: false }];
  return state.positional.flatMap((text, index): Piece[] => {
    const piece = { text, quoted, split: !quoted };
    return index === 0 ? [piece] : ['boundary', piece];
  });
}

function valueOf(state: ShellState, name: string): string | undefined {
  switch (name) {
    case '?':
      return String(state.status);
    case '#':
      return String(state.positional.length);
    case '$':
      return String(state.process.machine.shellPid);
    case '-':
      return [...state.options].join('');
    case '!':
      return '';
    case '@':
    case '*':
      return state.positional.length === 0 ? undefined : state.positional.join(' ');
    case '0':
      return state.name;
    default:
      if (/^[0-9]+$/.test(name)) return state.positional[Number(name) - 1];
      return state.variables.get(name)?.value;
  }
}

/** Field splitting: blanks of IFS gather, every other character of it ends a field. */
function splitFields(pieces: readonly Piece[], separators: string): PatternPiece[][] {
  const fields: PatternPiece[][] = [];
  let field: PatternPiece[] | undefined;
  const end = (): void => {
    if (field !== undefined) fields.push(field);
    field = undefined;
  };
  const isBlank = (character: string): boolean => ' \t\n'.includes(character);
  for (const piece of pieces) {
    if (piece === 'boundary') end();
    else if (!piece.split) {
      if (piece.quoted || piece.text !== '') (field ??= []).push(piece);
    } else
      for (const character of piece.text) {
        if (!separators.includes(character)) addCharacter((field ??= []), character);
        else if (isBlank(character)) end();
        else {
          field ??= [];
          end();
        }
      }
  }
  end();
  return fields;
}

function addCharacter(field: PatternPiece[], character: string): void {
  const last = field.at(-1);
  if (last !== undefined && !last.quoted)
    field[field.length - 1] = { text: last.text + character, quoted: false };
  else field.push({ text: character, quoted: false });
}
