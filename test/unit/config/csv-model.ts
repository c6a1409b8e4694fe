/** What a projects.csv with the usual header says, by a second, simpler reading; undefined when it has a mistake. */
export function modelOf(body: string): { project: string; servers: number; line: number }[] | undefined {
  const rows = recordsOf(body).filter(({ cells }) => cells.some(cell => cell !== ''));
  const said = rows.filter(row => row.isTorn || !isComment(row.cells));
  const names = said.map(({ cells }) => cells[0]);
  const isGood = said.every(isGoodRow) && new Set(names).size === names.length;
  if (!isGood || said.some(({ isTorn }) => isTorn)) return undefined;
  return said.map(({ cells, line }) => ({
    project: cells[0]!,
    servers: Number.parseInt(cells[1]!, 10),
    line,
  }));
}

interface Row {
  cells: string[];
  line: number;
  isEnded: boolean;
  /** A quote is not closed, or text follows one. */
  isTorn: boolean;
}

const LINE_BREAK = /\r\n|\r|\n/;
/** Space, then a cell that is quoted, with what follows the quote, or one that is not. */
const CELL = /[ \u00A0\t]*"((?:[^"]|"")*)("?)([^,\r\n]*)|([^,\r\n]*)/y;

function recordsOf(body: string): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < body.length;) {
    const line = body.slice(0, at).split(LINE_BREAK).length + 1;
    const row = readRow(body, at, line);
    rows.push(row);
    at = row.end;
  }
  return rows;
}

function readRow(body: string, start: number, line: number): Row & { end: number } {
  const [whole] = /^[^\r\n]*/.exec(body.slice(start))!;
  const cells: string[] = [];
  let at = start;
  let isTorn = false;
  if (/^[ \u00A0\t]*#/.test(whole)) {
    cells.push(...whole.split(',').map(cell => cell.trim()));
    at += whole.length;
  } else
    for (;;) {
      CELL.lastIndex = at;
      const [cell, quoted, closing, rest = '', plain = ''] = CELL.exec(body)!;
      cells.push((quoted === undefined ? plain : quoted.replaceAll('""', '"')).trim());
      isTorn ||= (quoted !== undefined && closing === '') || rest.trim() !== '';
      at += cell.length;
      if (body[at] !== ',') break;
      at++;
    }
  const lineBreak = LINE_BREAK.exec(body.slice(at, at + 2));
  const length = lineBreak?.index === 0 ? lineBreak[0].length : 0;
  // An empty quoted cell that is torn says something, although it holds nothing.
  return { cells: isTorn ? [...cells, 'torn'] : cells, line, isEnded: length > 0, isTorn, end: at + length };
}

function isComment([first = '', ...others]: string[]): boolean {
  if (!first.startsWith('#')) return false;
  const isProse = /^#+(\s|$)/.test(first) && !others.some(cell => /^\d+([.,]0*)?$/.test(cell));
  return isProse || others.every(cell => cell === '');
}

function isGoodRow({ cells, isEnded }: Row): boolean {
  const [project = '', servers = '', masterSpec = '', webSpec = '', ...strays] = cells;
  const count = /^\d+([.,]0{1,2})?$/.test(servers) ? Number.parseInt(servers, 10) : 0;
  return (
    /^[a-z]([-a-z0-9]{0,48}[a-z0-9])?$/.test(project) &&
    count >= 1 &&
    count <= 100 &&
    [masterSpec, webSpec].every(size => size === '' || /^[a-z0-9][a-z0-9._-]{0,62}$/.test(size)) &&
    strays.every(cell => cell === '') &&
    (isEnded || cells.length >= 4)
  );
}
