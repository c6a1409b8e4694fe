import { PlaceCounter, type Place } from './problems.ts';

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
  /**
   * All cells that stand under a title. Sheets are exported up to their last column, so of those behind the first
   * row's last title there is only the first that says something.
   */
  cells: CsvCell[];
  /** Whether a line break follows it; only the text's last record can be without. */
  ended: boolean;
}

/** A CSV text's rows, without blank lines, rows of nothing but separators, and comments. The first is the header. */
export interface CsvDocument {
  separator: string;
  records: CsvRecord[];
}

const BYTE_ORDER_MARK = '\uFEFF';
/** What Excel writes into the first line to name the separator. */
const SEPARATOR_LINE = /^\uFEFF?sep=(.)[ \t]*(\r\n|\r|\n|$)/i;
const LF = 10;
const CR = 13;
const LINE_BREAK = /\r\n|\r|\n/;
/** Excel separates by what the locale or the chosen format says. The first wins a tie. */
const SEPARATORS = [',', ';', '\t'];

/**
 * Splits what spreadsheets export: cells between commas, semicolons or tabs (the header line shows which, or
 * an Excel `sep=` line), lines that end in CRLF, LF or CR, quoted cells with any of these inside and quotes
 * doubled, a byte order mark. A line that starts with # is a comment, also when a spreadsheet has quoted it; but
 * below the header it is a row when it looks like one, as with Excel's `#N/A` in the first cell.
 */
export function tokenizeCsv(text: string): CsvDocument {
  const preamble = SEPARATOR_LINE.exec(text);
  const separator = preamble?.[1] ?? detectSeparator(text);
  const start = preamble?.[0].length ?? (text.startsWith(BYTE_ORDER_MARK) ? 1 : 0);
  const scanner = new Scanner(text, separator, start, preamble === null ? 1 : 2);
  const records: CsvRecord[] = [];
  let width = Infinity;
  while (!scanner.atEnd()) {
    const record = scanner.readRecord(width);
    if (isBlank(record) || (isComment(record) && (records.length === 0 || !isFilled(record)))) continue;
    if (records.push(record) === 1) width = widthOf(record);
  }
  return { separator, records };
}

/** More titles than any header may have: enough to show the mistakes below one that has too many. */
const MOST_COLUMNS = 100;

/** How many columns have titles. */
const widthOf = (header: CsvRecord): number =>
  Math.min(header.cells.findLastIndex(cell => cell.value !== '') + 1, MOST_COLUMNS);

function detectSeparator(text: string): string {
  const lines = text.replace(BYTE_ORDER_MARK, '').split(LINE_BREAK);
  const header = lines.find(line => /^[\s,;"]*[^\s,;"#]/.test(line)) ?? '';
  const counts = SEPARATORS.map(separator => header.split(separator).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))]!;
}

const saysSomething = (cell: CsvCell): boolean => cell.value !== '' || cell.fault !== undefined;

const isBlank = ({ cells }: CsvRecord): boolean => !cells.some(saysSomething);

/** A quote that is never closed would make a comment of all that follows. */
const isComment = ({ cells }: CsvRecord): boolean =>
  cells[0]!.value.startsWith('#') && !cells.some(cell => cell.fault !== undefined);

const COUNT = /^\d+([.,]0*)?$/;

/**
 * Whether there is more in a row that begins with # than words with separators between them, which have a space
 * behind the # and no number in a cell of its own.
 */
function isFilled({ cells: [first, ...others] }: CsvRecord): boolean {
  const isProse = /^#+(\s|$)/.test(first!.value) && !others.some(cell => COUNT.test(cell.value));
  return !isProse && others.some(cell => cell.value !== '');
}

/** What opens a quoted cell. */
type Quote = '"' | typeof NO_QUOTE;
const NO_QUOTE = 'none';

/** Where the raw text, which begins at that offset, is more than space. */
function trimmedSpan(raw: string, offset: number): { start: number; end: number } {
  const start = offset + raw.length - raw.trimStart().length;
  return { start, end: start + raw.trim().length };
}

class Scanner {
  readonly #text: string;
  readonly #separator: string;
  readonly #separatorCode: number;
  readonly #places: PlaceCounter;
  #offset: number;

  constructor(text: string, separator: string, offset: number, line: number) {
    this.#text = text;
    this.#separator = separator;
    this.#separatorCode = separator.charCodeAt(0);
    this.#places = new PlaceCounter(text, offset, line);
    this.#offset = offset;
  }

  atEnd(): boolean {
    return this.#offset >= this.#text.length;
  }

  /** @param width how many columns have titles; the header itself is read without. */
  readRecord(width: number): CsvRecord {
    // What is no quoted cell and begins with # may be prose, in which a quote is but a sign.
    const quote = this.#text[this.#skipSpaces()] === '#' ? NO_QUOTE : '"';
    const cells = [this.#readCell(quote)];
    for (let i = 1; this.#atSeparator(); i++) {
      this.#offset++;
      if (i < width) cells.push(this.#readCell(quote));
      else this.#passSurplus(cells, width, quote);
    }
    return { cells, ended: this.#skipLineBreak() };
  }

  /** Moves behind a cell without a title, which is kept when it is the first that says something. */
  #passSurplus(cells: CsvCell[], width: number, quote: Quote): void {
    if (this.#atCellEnd()) return;
    const isKept = cells.length === width || this.#text[this.#skipSpaces()] === quote;
    if (!isKept) return this.#moveToCellEnd();
    const cell = this.#readCell(quote);
    if (cells.length === width && saysSomething(cell)) cells.push(cell);
  }

  #readCell(quote: Quote): CsvCell {
    const first = this.#skipSpaces();
    return this.#text[first] === quote ? this.#readQuoted(first) : this.#readPlain();
  }

  #readPlain(): CsvCell {
    const from = this.#offset;
    const raw = this.#readToCellEnd();
    const span = trimmedSpan(raw, from);
    return { value: raw.trim(), ...span, ...this.#places.placeOf(span.start) };
  }

  #readQuoted(quote: number): CsvCell {
    const place = this.#places.placeOf(quote);
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
    this.#moveToCellEnd();
    return this.#text.slice(start, this.#offset);
  }

  #moveToCellEnd(): void {
    while (!this.#atCellEnd()) this.#offset++;
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

  #atCellEnd(): boolean {
    return this.#atSeparator() || this.#atLineBreak() || this.atEnd();
  }

  #atSeparator(): boolean {
    return this.#text.charCodeAt(this.#offset) === this.#separatorCode;
  }

  #atLineBreak(): boolean {
    const code = this.#text.charCodeAt(this.#offset);
    return code === LF || code === CR;
  }

  #skipLineBreak(): boolean {
    if (!this.#atLineBreak()) return false;
    this.#offset += this.#text.startsWith('\r\n', this.#offset) ? 2 : 1;
    this.#places.beginLine(this.#offset);
    return true;
  }
}
