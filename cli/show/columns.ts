import { printable } from '../../clients/log/printable.ts';

/** Rows of cells as lines whose columns stand below each other, two spaces apart, like kubectl's. */
export function alignColumns(texts: readonly (readonly string[])[]): string[] {
  const rows = texts.map(row => row.map(printable));
  const widths = rows.reduce<number[]>(
    (most, row) => row.map((cell, i) => Math.max(most[i] ?? 0, cell.length)),
    [],
  );
  return rows.map(row =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
}
