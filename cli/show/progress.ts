import { printable } from '../../clients/log/printable.ts';
import type { ServiceSummary } from '../../reconcilers/read-model/services.ts';
import type { FleetSummary } from '../../reconcilers/read-model/fleet-summary.ts';
import { fleetLine } from '../../reconcilers/read-model/fleet-line.ts';
import { fleetTable } from './fleet-table.ts';
import { createLiveView, fitToScreen, rowsOf, type LiveView, type Sink } from './live-view.ts';
import { serviceLines } from './services-table.ts';
import { serviceTransitions, transitions } from './transitions.ts';

/** Shows a fleet as it converges. */
export interface Progress extends Pick<LiveView, 'end' | 'leave' | 'log'> {
  show(fleet: FleetSummary, services?: readonly ServiceSummary[]): void;
}

/** A terminal gets one view that is redrawn in place; anything else one line per transition. */
export function createProgress(out: NodeJS.WriteStream, log: Sink): Progress {
  return out.isTTY ? createFleetView(out, log) : createTransitionLog(out, log);
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

function createFleetView(out: NodeJS.WriteStream, log: Sink): Progress {
  const view = createLiveView(out, log);
  return { ...view, show: (fleet, services = []) => view.show(fleetView(fleet, services, out)) };
}

/** Where not all has room, what is Ready goes first: it is what nobody waits for. */
function fleetView(
  fleet: FleetSummary,
  services: readonly ServiceSummary[],
  screen: NodeJS.WriteStream,
): string[] {
  const below = [...serviceLines(services.filter(({ isDeployed }) => isDeployed)), fleetLine(fleet)];
  const whole = [...fleetTable(fleet), ...below];
  const hasRoom = whole.length <= rowsOf(screen) || fleet.ready;
  return fitToScreen(hasRoom ? whole : [...fleetTable(unready(fleet)), ...below], screen);
}

const unready = (fleet: FleetSummary): FleetSummary => ({
  ...fleet,
  projects: fleet.projects
    .filter(project => !project.ready)
    .map(project => ({ ...project, droplets: project.droplets.filter(droplet => !droplet.ready) })),
});
