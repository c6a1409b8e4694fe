import { formatDollars } from './cost.ts';
import type { FleetSummary } from './fleet-summary.ts';

/** `6 of 6 droplets Ready, 1 to go, 2 of no project, $54.00 a month`: as many as are listed, or are yet to be made. */
export function fleetLine(fleet: FleetSummary): string {
  const wanted = fleet.projects.reduce((sum, project) => sum + project.servers, 0);
  const ready = fleet.projects.reduce((sum, project) => sum + project.readyDroplets, 0);
  const surplus = fleet.projects.reduce((sum, project) => sum + project.surplus, 0);
  const parts = [
    `${ready} of ${wanted} droplets Ready`,
    ...(surplus > 0 ? [`${surplus} to go`] : []),
    ...(fleet.strays.length > 0 ? [`${fleet.strays.length} of no project`] : []),
  ];
  const cost = fleet.monthlyCost === undefined ? '' : `, ${formatDollars(fleet.monthlyCost)} a month`;
  return `${parts.join(', ')}${cost}`;
}
