import type { Place } from './problems.ts';

/** One cell, with where it stands, so that mistakes can be shown and single cells edited. */
export interface CsvCell extends Place {
  /** What it says: quotes undone, no space around it. */
  value: string;
  /** Offsets in the text of what an edit replaces: inside the quotes, if any, and between the spaces. */
  start: number;
  end: number;
  /** What is wrong with its quotes, if anything. An unclosed cell runs to the end of the text. */
  fault?: 'unclosed' | 'text-after-quote';
}

/** One row. */
export interface CsvRecord {
  cells: CsvCell[];
  /** Whether a line break follows it; only the text's last record can be without. */
  ended: boolean;
}

/** A CSV text's rows, without blank lines, rows of nothing but separators, and comments. */
export interface CsvDocument {
  separator: string;
  records: CsvRecord[];
}

const BYTE_ORDER_MARK = '\uFEFF';
/** What Excel writes into the first line to name the separator. */
const SEPARATOR_LINE = /^\uFEFF?sep=(.)[ \t]*(\r\n|\r|\n|$)/i;
const LINE_BREAK = /\r\n|\r|\n/;
/** Excel separates by what the locale or the chosen format says. The first wins a tie. */
const SEPARATORS = [',', ';', '\t'];

/**
 * Splits what spreadsheets export: cells between commas, semicolons or tabs (the header line shows which, or
 * an Excel `sep=` line), lines that end in CRLF, LF or CR, quoted cells with any of these inside and quotes
 * doubled, a byte order mark. A line that starts with # is a comment, also when a spreadsheet has quoted it.
 */
export function tokenizeCsv(text: string): CsvDocument {
  const preamble = SEPARATOR_LINE.exec(text);
  const separator = preamble?.[1] ?? detectSeparator(text);
  const start = preamble?.[0].length ?? (text.startsWith(BYTE_ORDER_MARK) ? 1 : 0);
  const scanner = new Scanner(text, separator, start, preamble === null ? 1 : 2);
  const records: CsvRecord[] = [];
  while (!scanner.atEnd()) {
    if (scanner.skipComment()) continue;
    const record = scanner.readRecord();
    if (!isBlank(record) && !isQuotedComment(record)) records.push(record);
  }
  return { separator, records };
}

function detectSeparator(text: string): string {
  const lines = text.replace(BYTE_ORDER_MARK, '').split(LINE_BREAK);
  const header = lines.find(line => /^[\s,;"]*[^\s,;"#]/.test(line)) ?? '';
  const counts = SEPARATORS.map(separator => header.split(separator).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))]!;
}

const isBlank = ({ cells }: CsvRecord): boolean =>
  cells.every(cell => cell.value === '' && cell.fault === undefined);

const isQuotedComment = ({ cells }: CsvRecord): boolean => cells[0]!.value.startsWith('#');

/** Where the raw text, which begins at that offset, is more than space. */
function trimmedSpan(raw: string, offset: number): { start: number; end: number } {
  const start = offset + raw.length - raw.trimStart().length;
  return { start, end: start + raw.trim().length };
}

class Scanner {
  readonly #text: string;
  readonly #separator: string;
  #offset: number;
  #line: number;
  #lineStart: number;

  constructor(text: string, separator: string, offset: number, line: number) {
    this.#text = text;
    this.#separator = separator;
    this.#offset = offset;
    this.#line = line;
    this.#lineStart = offset;
  }

  atEnd(): boolean {
    return this.#offset >= this.#text.length;
  }

  /** Skips the line that starts here if it is a comment. */
  skipComment(): boolean {
    const first = this.#skipSpaces();
    if (this.#text[first] !== '#') return false;
    while (!this.atEnd() && !this.#atLineBreak()) this.#offset++;
    this.#skipLineBreak();
    return true;
  }

  readRecord(): CsvRecord {
    const cells = [this.#readCell()];
    while (this.#text[this.#offset] === this.#separator) {
      this.#offset++;
      cells.push(this.#readCell());
    }
    return { cells, ended: this.#skipLineBreak() };
  }

  #readCell(): CsvCell {
    const first = this.#skipSpaces();
    return this.#text[first] === '"' ? this.#readQuoted(first) : this.#readPlain();
  }

  #readPlain(): CsvCell {
    const from = this.#offset;
    const raw = this.#readToCellEnd();
    const span = trimmedSpan(raw, from);
    return { value: raw.trim(), ...span, ...this.#placeOf(span.start) };
  }

  #readQuoted(quote: number): CsvCell {
    const place = this.#placeOf(quote);
    const start = quote + 1;
    this.#offset = start;
    const closed = this.#passClosingQuote();
    const raw = this.#text.slice(start, closed ? this.#offset - 1 : this.#offset);
    const cell = { value: raw.replaceAll('""', '"').trim(), ...trimmedSpan(raw, start), ...place };
    if (!closed) return { ...cell, fault: 'unclosed' };
    return this.#readToCellEnd().trim() === '' ? cell : { ...cell, fault: 'text-after-quote' };
  }

  /** Moves behind the quote that ends the cell; false when the text ends first. */
  #passClosingQuote(): boolean {
    while (!this.atEnd()) {
      if (this.#skipLineBreak()) continue;
      if (this.#text[this.#offset] !== '"') this.#offset++;
      else if (this.#text[this.#offset + 1] === '"') this.#offset += 2;
      else {
        this.#offset++;
        return true;
      }
    }
    return false;
  }

  #readToCellEnd(): string {
    const start = this.#offset;
    while (!this.atEnd() && !this.#atLineBreak() && this.#text[this.#offset] !== this.#separator)
      this.#offset++;
    return this.#text.slice(start, this.#offset);
  }

  /** The offset of the next character that is no space; moves nothing. */
  #skipSpaces(): number {
    let offset = this.#offset;
    while (this.#isSpace(this.#text[offset])) offset++;
    return offset;
  }

  #isSpace(character: string | undefined): boolean {
    return (
      character === ' ' || character === '\u00A0' || (character === '\t' && character !== this.#separator)
    );
  }

  #atLineBreak(): boolean {
    const character = this.#text[this.#offset];
    return character === '\n' || character === '\r';
  }

  #skipLineBreak(): boolean {
    if (!this.#atLineBreak()) return false;
    this.#offset += this.#text.startsWith('\r\n', this.#offset) ? 2 : 1;
    this.#line++;
    this.#lineStart = this.#offset;
    return true;
  }

  #placeOf(offset: number): Place {
    return { line: this.#line, column: Array.from(this.#text.slice(this.#lineStart, offset)).length + 1 };
  }
}
