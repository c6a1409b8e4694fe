import { findCondition, isConditionTrue, type ConditionValue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { PROJECT_LABEL, dropletNames } from '../../crds/names.ts';
import type { Project, ProjectStatus } from '../../crds/project.ts';
import type { HeldBack } from '../gate/held-back.ts';
import type { PROJECT_OWNERS } from '../../crds/status-owners.ts';
import { volumeCost, volumeSizeOf } from '../read-model/volume-cost.ts';
import { addressOfMaster } from '../read-model/master-address.ts';
import { formatDollars, monthlyCost, type Prices } from '../read-model/cost.ts';
import type { StatusChange } from '../status/write.ts';

/** What a Project's status is made from. */
export interface ProjectFacts {
  /** All Droplets that name this project, those being deleted too. */
  droplets: readonly Droplet[];
  prices: Prices;
  /** What of this Project, or of projects.csv, is held by the gate, if anything is. */
  hold?: HeldBack | undefined;
  /** Why its row of projects.csv is not followed, if it is not. */
  rowHeld?: string | undefined;
  /** What a person must mend before this Project can go on, if anything. */
  stalled?: { reason: string; message: string } | undefined;
}

/** What the project controller says of a Project, from its Droplets. */
export function projectChange(
  project: Project,
  { droplets, prices, hold, rowHeld, stalled }: ProjectFacts,
): StatusChange<ProjectStatus, (typeof PROJECT_OWNERS)['project']> {
  const { generation, name } = project.metadata;
  const live = droplets.filter(droplet => droplet.metadata.deletionTimestamp === undefined);
  const master = live.find(droplet => droplet.spec.role === 'master');
  const servers = monthlyCost(live, prices);
  const cost = servers === undefined ? undefined : servers + volumeCost(volumeSizeOf(project));
  return {
    fields: {
      ...(generation !== undefined && { observedGeneration: generation }),
      droplets: live.length,
      readyDroplets: live.filter(isReady).length,
      selector: `${PROJECT_LABEL}=${name}`,
      masterAddress: addressOfMaster(project, master),
      monthlyCost: cost === undefined ? undefined : formatDollars(cost),
    },
    conditions: {
      DropletsReady: stalled ? no(stalled.reason, stalled.message) : dropletsReady(project, droplets, live),
      ConfirmationRequired: hold && { status: 'True', ...hold },
      RowHeld:
        rowHeld === undefined ? undefined : { status: 'True', reason: 'SizeNotOffered', message: rowHeld },
    },
  };
}

/** The first of these that holds, worst first. */
function dropletsReady(
  project: Project,
  droplets: readonly Droplet[],
  live: readonly Droplet[],
): ConditionValue {
  if (project.metadata.deletionTimestamp !== undefined)
    return no('Deleting', `waiting for ${count(droplets.length, 'droplet')} to be destroyed`);
  const failed = live.find(droplet => droplet.status?.phase === 'Failed');
  if (failed !== undefined) return no('DropletFailed', `${failed.metadata.name}: ${messageOf(failed)}`);
  if (project.spec.suspend) return no('Suspended', 'project suspended; set spec.suspend to false to resume');
  const wanted = dropletNames(project.metadata.name, project.spec.servers);
  const ready = new Set(live.filter(droplet => isAsWanted(project, droplet)).map(d => d.metadata.name));
  const waiting = wanted.filter(name => !ready.has(name));
  const leaving = droplets.length - live.filter(droplet => wanted.includes(droplet.metadata.name)).length;
  if (waiting.length > 0)
    return no(
      'Converging',
      `${wanted.length - waiting.length} of ${wanted.length} droplets Ready; waiting for ${waiting.join(', ')}`,
    );
  if (leaving > 0) return no('Converging', `${count(leaving, 'droplet')} being destroyed`);
  return {
    status: 'True',
    reason: 'AllReady',
    message: `${wanted.length} of ${wanted.length} droplets Ready`,
  };
}

const no = (reason: string, message: string): ConditionValue => ({ status: 'False', reason, message });

const isReady = (droplet: Droplet): boolean => isConditionTrue(droplet.status?.conditions, 'Ready');

/** Ready, of the newest generation, and with the size that the project asks for. */
function isAsWanted(project: Project, droplet: Droplet): boolean {
  const size = droplet.spec.role === 'master' ? project.spec.masterSpec : project.spec.webSpec;
  return (
    isReady(droplet) &&
    droplet.spec.size === size &&
    droplet.status?.observedGeneration === droplet.metadata.generation
  );
}

const messageOf = (droplet: Droplet): string =>
  findCondition(droplet.status?.conditions, 'Ready')?.message ?? 'no reason given';

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
