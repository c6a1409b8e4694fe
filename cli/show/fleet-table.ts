import type { HeldEntry } from '../../reconcilers/gate/ledger.ts';
import { formatDollars } from '../../reconcilers/read-model/cost.ts';
import type {
  DropletSummary,
  FleetSummary,
  ProjectSummary,
} from '../../reconcilers/read-model/fleet-summary.ts';
import { alignColumns } from './columns.ts';

/** The fleet as a table: a line per project, and its droplets below it. */
export function fleetTable(fleet: FleetSummary): string[] {
  if (fleet.projects.length === 0 && fleet.strays.length === 0) return ['No projects.'];
  const lines = alignColumns([
    ['NAME', 'ROLE', 'SIZE', 'STATE', 'ADDRESS', 'MONTHLY'],
    ...fleet.projects.flatMap(project => [
      projectRow(project),
      ...project.droplets.map(droplet => dropletRow(droplet)),
    ]),
    ...fleet.strays.map(droplet => dropletRow(droplet)),
  ]);
  return [...lines, ...notes(fleet)];
}

const projectRow = (project: ProjectSummary): string[] => [
  project.name,
  '',
  '',
  project.ready ? `Ready ${project.readyDroplets}/${project.servers}` : stateOf(project),
  '',
  project.monthlyCost === undefined ? '' : formatDollars(project.monthlyCost),
];

const stateOf = (project: ProjectSummary): string =>
  `${project.reason} ${project.readyDroplets}/${project.servers}`;

const dropletRow = (droplet: DropletSummary): string[] => [
  `  ${droplet.name}`,
  droplet.role,
  droplet.size,
  droplet.state,
  droplet.address ?? '',
  '',
];

/** What a person should read: the messages of all that is not Ready and not merely on its way. What is held is told once. */
function notes(fleet: FleetSummary): string[] {
  const all = [...fleet.projects.flatMap(project => project.droplets), ...fleet.strays];
  return all
    .filter(droplet => droplet.troubled && droplet.held === undefined)
    .map(droplet => `${droplet.name}: ${droplet.message}`);
}

/** What is held, and how to let it through. */
export const heldLines = (held: readonly Pick<HeldEntry, 'effects' | 'message'>[]): string[] =>
  held.length === 0
    ? []
    : [
        ...held.map(({ effects, message }) => `Held: ${effects}; ${message}`),
        '"dropfleet confirm" lets it through, after asking.',
      ];

/** `6 of 6 droplets Ready, $36.00 a month`. */
export function fleetLine(fleet: FleetSummary): string {
  const wanted = fleet.projects.reduce((sum, project) => sum + project.servers, 0);
  const ready = fleet.projects.reduce((sum, project) => sum + project.readyDroplets, 0);
  const cost = fleet.monthlyCost === undefined ? '' : `, ${formatDollars(fleet.monthlyCost)} a month`;
  return `${ready} of ${wanted} droplets Ready${cost}`;
}
