import type { HeldEntry } from '../../reconcilers/gate/ledger.ts';
import { formatDollars } from '../../reconcilers/read-model/cost.ts';
import { NAME_TAKEN } from '../../reconcilers/read-model/project-names.ts';
import type {
  DropletSummary,
  FleetSummary,
  ProjectSummary,
} from '../../reconcilers/read-model/fleet-summary.ts';
import { alignColumns } from './columns.ts';
import { namesIn } from './names.ts';

/** The fleet as a table: a line per project, and its droplets below it; then those of no project, if any. */
export function fleetTable(fleet: FleetSummary): string[] {
  if (fleet.projects.length === 0 && fleet.strays.length === 0) return ['No projects.'];
  const named = namesIn(fleet);
  const lines = alignColumns([
    ['NAME', 'ROLE', 'SIZE', 'STATE', 'ADDRESS', 'MONTHLY'],
    ...fleet.projects.flatMap(project => [
      projectRow(project, named(project)),
      ...project.droplets.map(droplet => dropletRow(droplet, named(droplet))),
    ]),
    ...(fleet.strays.length === 0 ? [] : [['of no project', '', '', '', '', '']]),
    ...fleet.strays.map(droplet => dropletRow(droplet, named(droplet))),
  ]);
  return [...lines, ...notes(fleet)];
}

const projectRow = (project: ProjectSummary, name: string): string[] => [
  name,
  '',
  '',
  project.ready ? `Ready ${project.readyDroplets}/${project.servers}` : stateOf(project),
  reservedAddressOf(project) ?? '',
  project.monthlyCost === undefined ? '' : formatDollars(project.monthlyCost),
];

/** Where the project is reached, unless that is the master's own address, which is told with it. */
const reservedAddressOf = ({ masterAddress, droplets }: ProjectSummary): string | undefined =>
  droplets.some(({ address }) => address === masterAddress) ? undefined : masterAddress;

const stateOf = (project: ProjectSummary): string =>
  `${project.reason} ${project.readyDroplets}/${project.servers}`;

const dropletRow = (droplet: DropletSummary, name: string): string[] => [
  `  ${name}`,
  droplet.role,
  droplet.size,
  droplet.state,
  droplet.address ?? '',
  '',
];

/** What a person should read: the messages of all that is not Ready and not merely on its way. What is held is shown once. */
function notes(fleet: FleetSummary): string[] {
  const named = namesIn(fleet);
  const all = [...fleet.projects.flatMap(project => project.droplets), ...fleet.strays];
  const degraded = all.filter(droplet => droplet.degraded && droplet.held === undefined);
  const nameless = fleet.projects.filter(project => project.reason === NAME_TAKEN);
  const rows = fleet.projects.flatMap(project => project.rowHeld ?? []);
  return [...[...nameless, ...degraded].map(one => `${named(one)}: ${one.message}`), ...rows];
}

/** What is held, and how to let it through. */
export const heldLines = (held: readonly Pick<HeldEntry, 'effects' | 'message'>[]): string[] =>
  held.length === 0
    ? []
    : [
        ...held.map(({ effects, message }) => `Held: ${effects}; ${message}`),
        'Run "dropfleet confirm" to allow it.',
      ];
