import { printable } from '../../clients/log/printable.ts';

/** Where text goes; a stream of Node's is one. */
export interface Sink {
  write(text: string): unknown;
}

/** Lines on a terminal that are drawn over in place. */
export interface LiveView {
  show(lines: readonly string[]): void;
  /** Says how it ended, in the place of the view's own last line; later lines come below it. */
  end(line: string): void;
  /** Leaves what is shown as it is; later lines come below it. */
  leave(): void;
  /** Where the log goes meanwhile: it comes above, so that neither writes over the other. */
  readonly log: Sink;
  /** The same for text that goes elsewhere on that terminal. */
  above(write: () => unknown): void;
}

/** CSI sequences of ECMA-48: cursor up, erase to the end of the screen. */
const up = (lines: number): string => (lines === 0 ? '' : `\x1b[${lines}A`);
const ERASE_BELOW = '\x1b[J';

/** A view on that terminal. What it is shown must fit. */
export function createLiveView(out: Sink, log: Sink): LiveView {
  let drawn: readonly string[] = [];
  let shown = '';
  const draw = (lines: readonly string[]): void => {
    out.write(`${up(drawn.length)}\r${ERASE_BELOW}${lines.map(line => `${printable(line)}\n`).join('')}`);
    drawn = lines;
  };
  const above = (write: () => unknown): void => {
    const view = drawn;
    if (view.length > 0) draw([]);
    write();
    if (view.length > 0) draw(view);
  };
  return {
    show(lines) {
      // Much of what is written about objects changes nothing that is shown.
      if (lines.join('\n') === shown) return;
      shown = lines.join('\n');
      draw(lines);
    },
    end(line) {
      draw([...drawn.slice(0, -1), line]);
      drawn = [];
    },
    leave() {
      drawn = [];
    },
    log: { write: text => above(() => log.write(text)) },
    above,
  };
}

/** What a terminal is taken for that does not tell its size, as those that programs make for others. */
const USUAL_SCREEN = { rows: 24, columns: 80 };

/** How many lines there are that can be drawn over. */
export const rowsOf = (screen: Pick<NodeJS.WriteStream, 'rows'>): number =>
  (screen.rows || USUAL_SCREEN.rows) - 2;

/** A line that wraps, or a view higher than the screen, could not be drawn over. */
export function fitToScreen(lines: readonly string[], screen: NodeJS.WriteStream): string[] {
  const rows = rowsOf(screen);
  const columns = screen.columns || USUAL_SCREEN.columns;
  const cut = lines.map(line => (line.length > columns ? `${line.slice(0, columns - 1)}…` : line));
  const hidden = cut.length - rows;
  return hidden <= 0 ? cut : [...cut.slice(0, rows - 2), `… ${hidden + 1} more lines`, cut.at(-1)!];
}
