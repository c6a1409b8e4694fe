import type { CsvCell, CsvRecord } from './csv-tokens.ts';
import { nameOddCharacter, withoutOddCharacters } from './odd-characters.ts';
import type { LocalProblem, Place } from './problems.ts';
import { FIELDS, type Columns, type Field } from './projects-csv-header.ts';

/** The size of a droplet whose cell is empty or whose column is missing: small, and offered in every region. */
const DEFAULT_SIZE = 's-1vcpu-1gb';
/** The most droplets that one project may have. */
export const MAX_SERVERS = 100;
/** Leaves room for `-master` and `-web99` in the 63 characters of a host's name. */
const MAX_NAME_LENGTH = 50;

const NAME = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const SIZE = /^[a-z0-9][a-z0-9._-]{0,62}$/;
/** A spreadsheet may export 3 as `3.0` or, where the comma is decimal, `3,0`. Three zeros would be thousands. */
const WHOLE_NUMBER = /^\d+([.,]0{1,2})?$/;

/** The values of a row that has no mistakes. */
export type RowValues = { project: string; servers: number; masterSpec: string; webSpec: string };
/** Each field's cell; one that the row or the file does not have is an empty one at the end of the row. */
export type RowCells = Record<Field, CsvCell>;

/**
 * What a row says, and all that is wrong with it. No `cells` when it cannot be taken apart at all.
 * @param taken the names that stand in the file, none of which is proposed for a wrong one.
 */
export function readRow(
  record: CsvRecord,
  columns: Columns,
  taken: ReadonlySet<string>,
): { cells?: RowCells; values?: RowValues; problems: LocalProblem[] } {
  const faults = record.cells.filter(cell => cell.fault !== undefined);
  if (faults.length > 0) return { problems: faults.map(quoteProblem) };
  if (!record.ended && record.cells.length < columns.length)
    return { problems: [halfWritten(record, columns)] };
  const cells = cellsOf(record, columns);
  const problems = [
    ...findStrayCells(record, columns),
    ...FIELDS.flatMap(field => checkCell(field, cells, taken)),
  ];
  return problems.length > 0 ? { cells, problems } : { cells, values: valuesOf(cells), problems };
}

/** What is wrong with a text that ends in the middle of that record. */
export function halfWritten(record: CsvRecord, columns: Columns): LocalProblem {
  const { line, column, value } = record.cells.at(-1)!;
  const have = `${record.cells.length} of ${columns.length} cells and no line break`;
  const message = `the file ends here with ${have}, so it seems half written; complete it or end the line`;
  return { line, column, found: value, message };
}

/** The field's place in the file. */
export const placeOf = ({ line, column }: Place): Place => ({ line, column });

/** Whether dropfleet can run that many servers for a project. */
export const isServerCount = (count: number): boolean =>
  Number.isInteger(count) && count >= 1 && count <= MAX_SERVERS;

function cellsOf(record: CsvRecord, columns: Columns): RowCells {
  const missing = { ...record.cells.at(-1)!, value: '' };
  const cellOf = (field: Field): CsvCell => record.cells[columns.indexOf(field)] ?? missing;
  return {
    project: cellOf('project'),
    servers: cellOf('servers'),
    masterSpec: cellOf('masterSpec'),
    webSpec: cellOf('webSpec'),
  };
}

function valuesOf({ project, servers, masterSpec, webSpec }: RowCells): RowValues {
  return {
    project: project.value,
    servers: Number.parseInt(servers.value, 10),
    masterSpec: masterSpec.value || DEFAULT_SIZE,
    webSpec: webSpec.value || DEFAULT_SIZE,
  };
}

const CHECKS: Record<Field, (value: string, taken: ReadonlySet<string>) => string | undefined> = {
  project: checkName,
  servers: checkServers,
  masterSpec: value => checkSize('MasterSpec', value),
  webSpec: value => checkSize('WebSpec', value),
};

function checkCell(field: Field, cells: RowCells, taken: ReadonlySet<string>): LocalProblem[] {
  const cell = cells[field];
  const fault = CHECKS[field](cell.value, taken);
  if (fault === undefined) return [];
  return [{ ...placeOf(cell), found: cell.value, message: fault + nameOddCharacter(cell.value) }];
}

function checkServers(value: string): string | undefined {
  return WHOLE_NUMBER.test(value) && isServerCount(Number.parseInt(value, 10))
    ? undefined
    : `Servers must be a whole number from 1 to ${MAX_SERVERS}`;
}

const NAME_RULE = `Project must be lower-case letters, digits and dashes, begin with a letter, end with a letter or digit, and have at most ${MAX_NAME_LENGTH} characters`;
/** What becomes of `mar-1` in a spreadsheet. */
const DATE = /^\d{1,4}([-./ ]|\. )(\p{L}{3,}\.?|\d{1,2})([-./ ]\d{1,4})?$/u;

function checkName(value: string, taken: ReadonlySet<string>): string | undefined {
  if (value.length <= MAX_NAME_LENGTH && NAME.test(value)) return undefined;
  if (value.startsWith('#'))
    return 'this begins like a comment, but cells behind it are filled: mend the name, or delete the row; a comment has a space behind the # and no number in a cell of its own';
  if (DATE.test(value))
    return `${NAME_RULE}; this looks like a date that a spreadsheet made of a name: format the column as text and write the name again`;
  const proposal = proposeName(value);
  const isUseful = proposal !== '' && !taken.has(proposal);
  return isUseful ? `${NAME_RULE}; ${JSON.stringify(proposal)} would do` : NAME_RULE;
}

/** The nearest name that is allowed; an empty one when nothing is left, or when digits in front would be lost. */
function proposeName(value: string): string {
  return withoutOddCharacters(value)
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-+|^-*\d.*$/g, '')
    .slice(0, MAX_NAME_LENGTH)
    .replace(/-+$/, '');
}

function checkSize(title: string, value: string): string | undefined {
  return value === '' || SIZE.test(value)
    ? undefined
    : `${title} must be a size slug such as ${DEFAULT_SIZE}, or empty for that one`;
}

/** A record has no more than one such cell. */
function findStrayCells(record: CsvRecord, columns: Columns): LocalProblem[] {
  const message =
    'the header names no column for this cell; remove it, or quote the cell that holds a separator';
  return record.cells
    .slice(columns.length)
    .filter(cell => cell.value !== '')
    .map(cell => ({ ...placeOf(cell), found: cell.value, message }));
}

function quoteProblem(cell: CsvCell): LocalProblem {
  const found = cell.value.split(/[\r\n]/, 1)[0]!;
  return cell.fault === 'unclosed'
    ? { ...placeOf(cell), found, message: 'the quote that opens here is never closed' }
    : { ...placeOf(cell), found, message: 'text follows the closing quote; double the quotes inside a cell' };
}
