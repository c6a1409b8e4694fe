import * as fc from 'fast-check';

/** What a row says. */
export interface RowValues {
  project: string;
  servers: number;
  masterSpec: string;
  webSpec: string;
}

/** How one spreadsheet or another writes a table down. */
export interface FileShape {
  separator: string;
  lineBreak: string;
  byteOrderMark: boolean;
  separatorLine: boolean;
  finalLineBreak: boolean;
  trailingCells: number;
  columns: (keyof RowValues)[];
  /** Used round and round, one a cell. */
  quoting: ('bare' | 'quoted' | 'spaced' | 'padded')[];
  /** Between the rows, used round and round. */
  filler: string[];
}

const size = fc.constantFrom('s-1vcpu-1gb', 's-2vcpu-4gb', 'c-8-intel', 'so1_5-2vcpu-16gb');

export const projectRows: fc.Arbitrary<RowValues[]> = fc.uniqueArray(
  fc.record({
    project: fc.stringMatching(/^[a-z]([-a-z0-9]{0,20}[a-z0-9])?$/),
    servers: fc.integer({ min: 1, max: 100 }),
    masterSpec: size,
    webSpec: size,
  }),
  { minLength: 1, maxLength: 8, selector: row => row.project },
);

export const fileShape: fc.Arbitrary<FileShape> = fc.record({
  separator: fc.constantFrom(',', ';', '\t'),
  lineBreak: fc.constantFrom('\n', '\r\n', '\r'),
  byteOrderMark: fc.boolean(),
  separatorLine: fc.boolean(),
  finalLineBreak: fc.boolean(),
  trailingCells: fc.nat(3),
  columns: fc.shuffledSubarray(['project', 'servers', 'masterSpec', 'webSpec'] as const, { minLength: 4 }),
  quoting: fc.array(fc.constantFrom('bare', 'quoted', 'spaced', 'padded'), { minLength: 1, maxLength: 7 }),
  filler: fc.array(fc.constantFrom('none', '', '# it\'s a "comment"; with, all', 'separators'), {
    minLength: 1,
    maxLength: 5,
  }),
});

const TITLES = { project: 'Project', servers: 'SERVERS', masterSpec: 'masterspec', webSpec: 'WebSpec' };

/** The rows as a file of that shape. */
export function csvText(rows: readonly RowValues[], shape: FileShape): string {
  const { separator, lineBreak, columns, filler } = shape;
  const records = [TITLES, ...rows].map(row => columns.map(column => String(row[column])));
  const lines = records.flatMap((cells, i) => {
    const line = writeRecord(cells, i, shape);
    const above = filler[i % filler.length]!;
    if (above === 'none') return [line];
    return [above === 'separators' ? separator.repeat(3) : above, line];
  });
  if (shape.separatorLine) lines.unshift(`sep=${separator}`);
  const text = lines.join(lineBreak) + (shape.finalLineBreak ? lineBreak : '');
  return shape.byteOrderMark ? `\uFEFF${text}` : text;
}

function writeRecord(cells: readonly string[], row: number, shape: FileShape): string {
  const { quoting, separator } = shape;
  const written = cells.map((cell, i) => {
    const style = quoting[(row * cells.length + i) % quoting.length]!;
    if (style === 'bare') return cell;
    if (style === 'padded') return `"\u00A0 ${cell} "`;
    return style === 'quoted' ? `"${cell}"` : `\u00A0"${cell}" `;
  });
  return written.join(separator) + separator.repeat(shape.trailingCells);
}
