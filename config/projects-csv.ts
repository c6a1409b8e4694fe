import { tokenizeCsv } from './csv-tokens.ts';
import { readTextFile } from './files.ts';
import { sortProblems, type LocalProblem, type Place, type Problem } from './problems.ts';
import { COLUMN_TITLES, readHeader, type Field } from './projects-csv-header.ts';
import { halfWritten, placeOf, readRow, type RowCells, type RowValues } from './projects-csv-row.ts';

/** One row of projects.csv: a project, as its owner wants it. */
export interface ProjectRow {
  project: string;
  /** How many droplets in all, 1 to 100: one master, the rest webs. */
  servers: number;
  /** The master's size slug. */
  masterSpec: string;
  /** Every web's size slug. */
  webSpec: string;
  /** The path of the file that it stands in. */
  file: string;
  line: number;
  /** Where each value stands, or would stand. */
  places: Record<Field, Place>;
}

/** What a file says. `rows` holds what could be read: act on it only when `problems` is empty. */
export interface ProjectsCsv {
  rows: ProjectRow[];
  problems: Problem[];
}

const NOT_TEXT = 'this is not text that can be read; save it again as "CSV UTF-8"';
const NO_HEADER = `the file says nothing; its first line must be the header ${Object.values(COLUMN_TITLES).join(',')}`;

/**
 * Reads projects.csv's text and reports every mistake at once, in the file's order. A text without a header,
 * an empty one and one that ends in the middle of a row are mistakes, never an empty list.
 * @param file the path that the problems name.
 */
export function parseProjectsCsv(text: string, file: string): ProjectsCsv {
  const { rows, problems } = text.includes('\0') ? nothing({ message: NOT_TEXT }) : parseText(text);
  return {
    rows: rows.map(({ cells, values }) => toProjectRow(cells, values, file)),
    problems: sortProblems(problems.map(problem => ({ file, ...problem }))),
  };
}

/** Reads the file; one that is missing or unreadable is one problem. Never rejects. */
export async function readProjectsCsv(path: string): Promise<ProjectsCsv> {
  const file = await readTextFile(path);
  return 'problem' in file ? { rows: [], problems: [file.problem] } : parseProjectsCsv(file.text, path);
}

interface ParsedText {
  rows: { cells: RowCells; values: RowValues }[];
  problems: LocalProblem[];
}

const nothing = (...problems: LocalProblem[]): ParsedText => ({ rows: [], problems });

function parseText(text: string): ParsedText {
  const [first, ...records] = tokenizeCsv(text).records;
  if (first === undefined) return nothing({ message: NO_HEADER });
  const { columns, problems } = readHeader(first);
  if (columns === undefined) return nothing(...problems);
  const taken = new Set(records.map(({ cells }) => cells[columns.indexOf('project')]?.value ?? ''));
  const read = records.map(record => readRow(record, columns, taken));
  return {
    rows: read.flatMap(({ cells, values }) => (cells && values ? [{ cells, values }] : [])),
    problems: [
      ...problems,
      ...read.flatMap(row => row.problems),
      ...findDuplicates(read.flatMap(({ cells }) => cells ?? [])),
      ...(first.ended ? [] : [halfWritten(first, columns)]),
    ],
  };
}

function findDuplicates(rows: readonly RowCells[]): LocalProblem[] {
  const firstLines = new Map<string, number>([['', 0]]);
  return rows.flatMap(({ project }) => {
    const firstLine = firstLines.get(project.value);
    if (firstLine === undefined) firstLines.set(project.value, project.line);
    if (!firstLine) return [];
    const message = `line ${firstLine} has this project already; keep one of the two lines`;
    return [{ ...placeOf(project), found: project.value, message }];
  });
}

function toProjectRow(cells: RowCells, values: RowValues, file: string): ProjectRow {
  const places = {
    project: placeOf(cells.project),
    servers: placeOf(cells.servers),
    masterSpec: placeOf(cells.masterSpec),
    webSpec: placeOf(cells.webSpec),
  };
  return { ...values, file, line: cells.project.line, places };
}
