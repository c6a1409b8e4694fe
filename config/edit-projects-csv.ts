import { tokenizeCsv } from './csv-tokens.ts';
import { readTextFile, writeAtomically } from './files.ts';
import { didYouMean } from './near-match.ts';
import { ConfigurationError, formatProblems } from './problems.ts';
import { parseProjectsCsv } from './projects-csv.ts';
import { readHeader } from './projects-csv-header.ts';
import { MAX_SERVERS, isServerCount } from './projects-csv-row.ts';

/**
 * The text with that project's Servers cell saying `servers`. Every other character stays: comments, order,
 * quotes, separators, line ends and the byte order mark.
 * @param file the path that errors name.
 * @throws ConfigurationError when the text has mistakes, when no row has that project, or when `servers` is
 * not a whole number from 1 to 100.
 */
export function setServers(text: string, project: string, servers: number, file = 'projects.csv'): string {
  if (!isServerCount(servers))
    throw new ConfigurationError(`a project has from 1 to ${MAX_SERVERS} servers, not ${servers}`);
  const { rows, problems } = parseProjectsCsv(text, file);
  if (problems.length > 0) throw new ConfigurationError(`mend this first:\n${formatProblems(problems)}`);
  const index = rows.findIndex(row => row.project === project);
  if (index < 0)
    throw new ConfigurationError(
      unknownProject(
        project,
        rows.map(row => row.project),
        file,
      ),
    );
  const cell = serversCell(text, index);
  return text.slice(0, cell.start) + String(servers) + text.slice(cell.end);
}

/**
 * Edits the file as setServers does the text, in one atomic step.
 * @throws ConfigurationError as setServers, and when the file cannot be read or written.
 */
export async function editServers(path: string, project: string, servers: number): Promise<void> {
  const file = await readTextFile(path);
  if ('problem' in file) throw new ConfigurationError(formatProblems([file.problem]));
  const text = setServers(file.text, project, servers, path);
  if (text !== file.text) await writeAtomically(path, text, { encoding: file.encoding });
}

/** The Servers cell of the index-th row of a text without mistakes, where every record is a row. */
function serversCell(text: string, index: number): { start: number; end: number } {
  const [header, ...records] = tokenizeCsv(text).records;
  const column = readHeader(header!).columns!.indexOf('servers');
  return records[index]!.cells[column]!;
}

function unknownProject(project: string, names: readonly string[], file: string): string {
  const hint = didYouMean(project, names) || `; it has ${names.join(', ') || 'no project at all'}`;
  return `${file} has no project ${JSON.stringify(project)}${hint}`;
}
