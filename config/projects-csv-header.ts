import type { CsvCell, CsvRecord } from './csv-tokens.ts';
import { didYouMean, findNearMatch } from './near-match.ts';
import { nameOddCharacter } from './odd-characters.ts';
import type { LocalProblem } from './problems.ts';

/** What a row says, in the order in which the columns are usually written. */
export const FIELDS = ['project', 'servers', 'masterSpec', 'webSpec'] as const;
export type Field = (typeof FIELDS)[number];

/** How the header spells each column; case does not matter. */
export const COLUMN_TITLES: Record<Field, string> = {
  project: 'Project',
  servers: 'Servers',
  masterSpec: 'MasterSpec',
  webSpec: 'WebSpec',
};

const REQUIRED: readonly Field[] = ['project', 'servers'];
const TITLES = Object.values(COLUMN_TITLES);

/** Which field each column holds; undefined for a column that is unknown or without a name. */
export type Columns = readonly (Field | undefined)[];

/**
 * The columns and what is wrong with them; no `columns` when no row can be understood by this header. A
 * misspelt title is a problem, and is still taken for what it must have meant, so that the mistakes of the
 * rows below show in the same go.
 */
export function readHeader(record: CsvRecord): { columns?: Columns; problems: LocalProblem[] } {
  const named = record.cells.slice(0, record.cells.findLastIndex(cell => cell.value !== '') + 1);
  const exact = named.map(cell => fieldOf(cell.value));
  const columns = named.map((cell, i) => exact[i] ?? guessField(cell.value, exact));
  if (!columns.some(field => field !== undefined)) return { problems: [noHeader(record)] };
  const missing = REQUIRED.filter(field => !columns.includes(field));
  const problems = [
    ...named.flatMap((cell, i) => checkTitle(cell, exact, i)),
    ...missing.map(field => missingColumn(record, field)),
  ];
  return missing.length > 0 ? { problems } : { columns, problems };
}

const fieldOf = (title: string): Field | undefined =>
  FIELDS.find(field => COLUMN_TITLES[field].toLowerCase() === title.toLowerCase());

function guessField(title: string, taken: Columns): Field | undefined {
  const guess = fieldOf(findNearMatch(title, TITLES) ?? '');
  return taken.includes(guess) ? undefined : guess;
}

function checkTitle(cell: CsvCell, exact: Columns, index: number): LocalProblem[] {
  const message = titleFault(cell, exact, index);
  return message === undefined ? [] : [{ line: cell.line, column: cell.column, found: cell.value, message }];
}

function titleFault(cell: CsvCell, exact: Columns, index: number): string | undefined {
  const field = exact[index];
  if (cell.fault !== undefined) return 'the quotes around this title do not match';
  if (field !== undefined && exact.indexOf(field) < index) return 'the header has this column already';
  if (field !== undefined) return undefined;
  return `the columns are ${TITLES.join(', ')}${didYouMean(cell.value, TITLES)}${nameOddCharacter(cell.value)}`;
}

function missingColumn(record: CsvRecord, field: Field): LocalProblem {
  const { line, column } = record.cells[0]!;
  return { line, column, message: `the header needs a column ${COLUMN_TITLES[field]}` };
}

function noHeader(record: CsvRecord): LocalProblem {
  const { line, column } = record.cells[0]!;
  const found = record.cells.map(cell => cell.value).join(',');
  return { line, column, found, message: `the first line must be the header ${TITLES.join(',')}` };
}
