import type { FleetSummary } from '../../reconcilers/read-model/fleet-summary.ts';
import { fleetLine, fleetTable } from './fleet-table.ts';
import { transitions } from './transitions.ts';

/** Shows a fleet as it converges. */
export interface Progress {
  show(fleet: FleetSummary): void;
  /** Leaves what is shown as it is; later lines come below it. */
  end(): void;
}

/** A terminal gets one view that is redrawn in place; anything else one line per transition. */
export function createProgress(out: NodeJS.WriteStream): Progress {
  return out.isTTY ? createLiveView(out) : createTransitionLog(out);
}

function createTransitionLog(out: NodeJS.WritableStream): Progress {
  let before: FleetSummary | undefined;
  return {
    show(fleet) {
      for (const line of transitions(before, fleet)) out.write(`${line}\n`);
      before = fleet;
    },
    end() {
      before = undefined;
    },
  };
}

/** CSI sequences of ECMA-48: cursor up, erase to the end of the screen. */
const up = (lines: number): string => (lines === 0 ? '' : `\x1b[${lines}A`);
const ERASE_BELOW = '\x1b[J';

function createLiveView(out: NodeJS.WriteStream): Progress {
  let drawn = 0;
  return {
    show(fleet) {
      const lines = fitToScreen([...fleetTable(fleet), fleetLine(fleet)], out);
      out.write(`${up(drawn)}\r${ERASE_BELOW}${lines.join('\n')}\n`);
      drawn = lines.length;
    },
    end() {
      drawn = 0;
    },
  };
}

/** A line that wraps, or a view higher than the screen, could not be drawn over. */
function fitToScreen(lines: string[], { rows, columns }: NodeJS.WriteStream): string[] {
  const cut = lines.map(line => (line.length > columns ? `${line.slice(0, columns - 1)}…` : line));
  const hidden = cut.length - (rows - 2);
  return hidden <= 0 ? cut : [...cut.slice(0, rows - 4), `… ${hidden + 1} more lines`, cut.at(-1)!];
}
