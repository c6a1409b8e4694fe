import { formatDollars } from '../../reconcilers/read-model/cost.ts';
import type { DropletChange } from '../../reconcilers/fleet-plan/changes-plan.ts';
import type { FleetPlan } from '../../reconcilers/fleet-plan/plan.ts';
import { alignColumns } from './columns.ts';
import { retiredLines } from './retired-lines.ts';

/** A plan as lines: `+` made, `-` destroyed, `~` changed, `!` refused, as Terraform's users know them. */
export function planTable(plan: FleetPlan, heldRows: readonly string[] = []): string[] {
  const objects = plan.projects.map(({ action, name, servers }) => [
    SIGNS[action],
    `project ${name}`,
    action === 'delete' ? action : `${action}, ${servers} server${servers === 1 ? '' : 's'}`,
  ]);
  const firewalls = plan.firewalls.map(({ action, project, role }) => [
    SIGNS[action],
    `  firewall ${project} ${role}`,
    action,
  ]);
  const rows = [...objects, ...plan.droplets.map(dropletRow), ...firewalls];
  return [
    ...(rows.length === 0 ? ['Nothing to do: the fleet is as projects.csv says.'] : alignColumns(rows)),
    ...plan.conflicts.map(
      name => `! project ${name} was applied by hand and is left alone; its row has no effect`,
    ),
    ...heldRows.map(message => `! ${message}`),
    ...plan.taken.map(({ project, message }) => `! project ${project} is left alone: ${message}`),
    ...retiredLines(plan.retired),
    ...(rows.length === 0 ? [] : ['', totalsLine(plan)]),
    ...(plan.overLimit
      ? [
          '',
          `! ${plan.overLimit.needed} droplets are more than the ${plan.overLimit.limit} that the account may have: ask DigitalOcean for a higher limit first`,
        ]
      : []),
    ...(plan.held ? ['', `Held until "dropfleet orchestrate --confirm": ${plan.held.message}.`] : []),
  ];
}

const SIGNS = {
  create: '+',
  'take-over': '+',
  update: '~',
  resize: '~',
  'power-on': '~',
  'power-cycle': '~',
  retire: '~',
  tag: '~',
  delete: '-',
  refuse: '!',
  hold: '!',
} as const;

function dropletRow(change: DropletChange): string[] {
  return [SIGNS[change.action], `  droplet ${change.name}`, describe(change)];
}

function describe(change: DropletChange): string {
  switch (change.action) {
    case 'create':
      return `create, ${change.size} in ${change.region}`;
    case 'delete':
      return `delete droplet ${change.id}${change.lastSnapshot ? `; takes a last snapshot of ${change.name} first` : ''}`;
    case 'resize':
      return `resize droplet ${change.id} from ${change.from} to ${change.size}`;
    case 'power-on':
      return `power on droplet ${change.id}`;
    case 'power-cycle':
      return `power-cycle droplet ${change.id}`;
    case 'retire':
      return `power off droplet ${change.id}, kept for 24 hours`;
    case 'take-over':
      return `take over droplet ${change.id}`;
    case 'tag':
      return `tag droplet ${change.id}: ${change.tags.join(', ')}`;
    case 'refuse':
      return change.problem;
    case 'hold':
      return `held: ${change.problem}`;
  }
}

/** `3 to create, 0 to delete, 0 to change; $6.00 -> $24.00 a month (+$18.00)`. */
function totalsLine({ droplets, monthlyCost: { before, after } }: FleetPlan): string {
  const count = (...actions: string[]): number =>
    droplets.filter(change => actions.includes(change.action)).length;
  const totals = `${count('create')} to create, ${count('delete')} to delete, ${count('resize', 'power-on', 'power-cycle', 'retire', 'tag', 'take-over')} to change`;
  if (before === undefined || after === undefined) return totals;
  const difference = after - before;
  const sign = difference < 0 ? '-' : '+';
  return `${totals}; ${formatDollars(before)} -> ${formatDollars(after)} a month (${sign}${formatDollars(Math.abs(difference))})`;
}
