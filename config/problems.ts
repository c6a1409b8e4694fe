/** One mistake in what the operator is told: where it is, what is there, and what to do about it. */
export interface Problem {
  /** The file's path as the user would type it, or `environment` for a variable of the process. */
  file: string;
  /** From 1. Left out when the file as a whole is meant. */
  line?: number;
  /** From 1, in characters. */
  column?: number;
  /** What stands there; empty when nothing does. Left out when it is no help, or when it could be a secret. */
  found?: string;
  /** What is allowed and what to do, without a full stop. */
  message: string;
}

/** A problem of a file that is known from the context. */
export type LocalProblem = Omit<Problem, 'file'>;

/** A problem that is placed by its offset in the text. */
export type OffsetProblem = LocalProblem & { offset: number };

/** A place in a text file; both count from 1, the column in characters. */
export interface Place {
  line: number;
  column: number;
}

/** What a function throws that was asked for something that the configuration does not allow. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

export const isConfigurationError = (error: unknown): error is ConfigurationError =>
  error instanceof ConfigurationError;

/** As much of a wrong value as is shown. */
const LONGEST_FOUND = 60;

/**
 * The problems as lines that editors and terminals can jump to, in the files' order:
 * `config/projects.csv:4:12: found "two"; Servers must be a whole number from 1 to 100`.
 */
export function formatProblems(problems: readonly Problem[]): string {
  return problems.map(formatProblem).join('\n');
}

function formatProblem({ file, line, column, found, message }: Problem): string {
  const place = [file, line, column].filter(part => part !== undefined).join(':');
  return found === undefined ? `${place}: ${message}` : `${place}: found ${quote(found)}; ${message}`;
}

function quote(found: string): string {
  if (found === '') return 'nothing';
  const characters = Array.from(found);
  const shown = characters.slice(0, LONGEST_FOUND).join('');
  return escapeUnseen(JSON.stringify(characters.length > LONGEST_FOUND ? `${shown}…` : shown));
}

/** What nobody sees, or what a terminal obeys, as `\\u{200b}`. */
const escapeUnseen = (text: string): string =>
  text.replaceAll(/(?! )[\p{C}\p{Z}]/gu, character => `\\u{${character.codePointAt(0)!.toString(16)}}`);

/** By line and column; what concerns the whole file comes first. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

/** Places of ever greater offsets in one text, each character of which is looked at once. */
export class PlaceCounter {
  readonly #text: Pick<string, 'codePointAt'>;
  #offset: number;
  #line: number;
  #column = 1;

  /** @param offset where the text's first line, `line`, begins. */
  constructor(text: Pick<string, 'codePointAt'>, offset = 0, line = 1) {
    this.#text = text;
    this.#offset = offset;
    this.#line = line;
  }

  /** A line begins at that offset. */
  beginLine(offset: number): void {
    this.#offset = offset;
    this.#line++;
    this.#column = 1;
  }

  /** The place of an offset in the current line, not before the one that was asked for last. */
  placeOf(offset: number): Place {
    while (this.#offset < offset) {
      this.#offset += this.#text.codePointAt(this.#offset)! > 0xffff ? 2 : 1;
      this.#column++;
    }
    return { line: this.#line, column: this.#column };
  }
}

/** The place of an offset in a text whose lines end in CRLF, LF or CR. */
export function placeAt(text: string, offset: number): Place {
  const lines = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: lines.length, column: Array.from(lines.at(-1)!).length + 1 };
}
