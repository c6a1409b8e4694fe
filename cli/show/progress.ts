import { printable } from '../../clients/log/printable.ts';
import type { ServiceSummary } from '../../reconcilers/read-model/services.ts';
import type { FleetSummary } from '../../reconcilers/read-model/fleet-summary.ts';
import { fleetLine, fleetTable } from './fleet-table.ts';
import { serviceLines } from './services-table.ts';
import { serviceTransitions, transitions } from './transitions.ts';

/** Where text goes; a stream of Node's is one. */
interface Sink {
  write(text: string): unknown;
}

/** Shows a fleet as it converges. */
export interface Progress {
  show(fleet: FleetSummary, services?: readonly ServiceSummary[]): void;
  /** Says how it ended, in the place of the view's own last line; later lines come below it. */
  end(line: string): void;
  /** Leaves what is shown as it is; later lines come below it. */
  leave(): void;
  /** Where the log goes meanwhile, so that neither writes over the other. */
  readonly log: Sink;
}

/** A terminal gets one view that is redrawn in place; anything else one line per transition. */
export function createProgress(out: NodeJS.WriteStream, log: Sink): Progress {
  return out.isTTY ? createLiveView(out, log) : createTransitionLog(out, log);
}

function createTransitionLog(out: Sink, log: Sink): Progress {
  let before: FleetSummary | undefined;
  let servicesBefore: readonly ServiceSummary[] = [];
  return {
    show(fleet, services = []) {
      const lines = [...transitions(before, fleet), ...serviceTransitions(servicesBefore, services)];
      for (const line of lines) out.write(`${printable(line)}\n`);
      [before, servicesBefore] = [fleet, services];
    },
    end: line => void out.write(`${printable(line)}\n`),
    leave: () => undefined,
    log,
  };
}

/** CSI sequences of ECMA-48: cursor up, erase to the end of the screen. */
const up = (lines: number): string => (lines === 0 ? '' : `\x1b[${lines}A`);
const ERASE_BELOW = '\x1b[J';

function createLiveView(out: NodeJS.WriteStream, log: Sink): Progress {
  let drawn: readonly string[] = [];
  let shown = '';
  const draw = (lines: readonly string[]): void => {
    out.write(`${up(drawn.length)}\r${ERASE_BELOW}${lines.map(line => `${printable(line)}\n`).join('')}`);
    drawn = lines;
  };
  return {
    show(fleet, services = []) {
      const lines = fitToScreen(fleet, services, out);
      // Much of what is written about a fleet changes nothing that is shown.
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
    log: {
      write(text) {
        if (drawn.length === 0) return log.write(text);
        const view = drawn;
        draw([]);
        log.write(text);
        return draw(view);
      },
    },
  };
}

/** What a terminal is taken for that does not tell its size, as those that programs make for others. */
const USUAL_SCREEN = { rows: 24, columns: 80 };

/**
 * A line that wraps, or a view higher than the screen, could not be drawn over. Where not all has room, what is Ready
 * goes first: it is what nobody waits for.
 */
function fitToScreen(
  fleet: FleetSummary,
  services: readonly ServiceSummary[],
  screen: NodeJS.WriteStream,
): string[] {
  const rows = (screen.rows || USUAL_SCREEN.rows) - 2;
  const columns = screen.columns || USUAL_SCREEN.columns;
  const below = [...serviceLines(services.filter(({ isDeployed }) => isDeployed)), fleetLine(fleet)];
  const whole = [...fleetTable(fleet), ...below];
  const lines = whole.length <= rows || fleet.ready ? whole : [...fleetTable(unready(fleet)), ...below];
  const cut = lines.map(line => (line.length > columns ? `${line.slice(0, columns - 1)}…` : line));
  const hidden = cut.length - rows;
  return hidden <= 0 ? cut : [...cut.slice(0, rows - 2), `… ${hidden + 1} more lines`, cut.at(-1)!];
}

const unready = (fleet: FleetSummary): FleetSummary => ({
  ...fleet,
  projects: fleet.projects
    .filter(project => !project.ready)
    .map(project => ({ ...project, droplets: project.droplets.filter(droplet => !droplet.ready) })),
});
