import {
  findCondition,
  isConditionTrue,
  removeCondition,
  setCondition,
  type ConditionState,
} from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Condition } from '../../crds/meta.ts';
import { CONFIRMATION_REQUIRED, PROJECT_LABEL, ROW_HELD, dropletNames } from '../../crds/names.ts';
import type { Project, ProjectStatus } from '../../crds/project.ts';
import { FIREWALL_READY } from '../firewall/status.ts';
import type { HeldBack } from '../gate/held-back.ts';
import { formatDollars, monthlyCost, type Prices } from '../read-model/cost.ts';

/** What a Project's status is made from. */
export interface ProjectFacts {
  /** All Droplets that name this project, those being deleted too. */
  droplets: readonly Droplet[];
  prices: Prices;
  /** What of this Project, or of projects.csv, is held by the gate, if anything is. */
  brake?: HeldBack | undefined;
  /** Why its row of projects.csv is not followed, if it is not. */
  rowHeld?: string | undefined;
  /** What a person must mend before this Project can go on, if anything. */
  stalled?: { reason: string; message: string } | undefined;
  now: Date;
}

/** The status of a Project, from its Droplets. */
export function projectStatus(project: Project, facts: ProjectFacts): ProjectStatus {
  const { droplets, prices, brake, rowHeld, now } = facts;
  const live = droplets.filter(droplet => droplet.metadata.deletionTimestamp === undefined);
  const master = live.find(droplet => droplet.spec.role === 'master');
  const cost = monthlyCost(live, prices);
  const before = project.status?.conditions;
  const ready = setCondition(before, readyCondition(project, live, facts), now);
  const conditions = withTrue(ready, CONFIRMATION_REQUIRED, brake, project, now);
  const row = rowHeld === undefined ? undefined : { reason: 'SizeNotOffered', message: rowHeld };
  return {
    ...(project.metadata.generation !== undefined && { observedGeneration: project.metadata.generation }),
    droplets: live.length,
    readyDroplets: live.filter(isReady).length,
    selector: `${PROJECT_LABEL}=${project.metadata.name}`,
    ...(master?.status?.publicAddress !== undefined && { masterAddress: master.status.publicAddress }),
    ...(cost !== undefined && { monthlyCost: formatDollars(cost) }),
    conditions: withTrue(conditions, ROW_HELD, row, project, now),
  };
}

/** The list with that condition as True, or without it when there is nothing to say. */
const withTrue = (
  conditions: readonly Condition[],
  type: string,
  said: HeldBack | undefined,
  project: Project,
  now: Date,
): Condition[] =>
  said === undefined
    ? removeCondition(conditions, type)
    : setCondition(conditions, { type, status: 'True', ...said, ...generationOf(project) }, now);

function readyCondition(
  project: Project,
  live: readonly Droplet[],
  { droplets, brake, stalled }: ProjectFacts,
): ConditionState {
  const ready = { type: 'Ready', ...generationOf(project) };
  if (stalled !== undefined) return { ...ready, ...notReady(stalled.reason, stalled.message) };
  // What runs may well be Ready; the reason is what `kubectl get` shows, and the brake is what matters in it.
  const held = brake && { reason: CONFIRMATION_REQUIRED, message: brake.message };
  return { ...ready, ...readiness(project, droplets, live), ...held };
}

const generationOf = ({ metadata: { generation } }: Project): { observedGeneration?: number } =>
  generation === undefined ? {} : { observedGeneration: generation };

type Readiness = Pick<ConditionState, 'status' | 'reason' | 'message'>;

/** The first of these that holds, worst first. */
function readiness(project: Project, droplets: readonly Droplet[], live: readonly Droplet[]): Readiness {
  if (project.metadata.deletionTimestamp !== undefined)
    return notReady('Deleting', `${count(droplets.length, 'droplet')} to be destroyed first`);
  const failed = live.find(droplet => droplet.status?.phase === 'Failed');
  if (failed !== undefined) return notReady('DropletFailed', `${failed.metadata.name}: ${messageOf(failed)}`);
  if (project.spec.suspend)
    return notReady('Suspended', 'suspended: dropfleet changes nothing until spec.suspend is false');
  const wanted = dropletNames(project.metadata.name, project.spec.servers);
  const ready = new Set(live.filter(droplet => isAsWanted(project, droplet)).map(d => d.metadata.name));
  const waiting = wanted.filter(name => !ready.has(name));
  const leaving = droplets.length - live.filter(droplet => wanted.includes(droplet.metadata.name)).length;
  if (waiting.length > 0)
    return notReady(
      'Converging',
      `${wanted.length - waiting.length} of ${wanted.length} droplets Ready; waiting for ${waiting.join(', ')}`,
    );
  const firewall = findCondition(project.status?.conditions, FIREWALL_READY);
  if (firewall?.status === 'False')
    return notReady(
      `Firewall${firewall.reason}`,
      `the firewalls are not as they should be: ${firewall.message}`,
    );
  if (leaving > 0) return notReady('Converging', `${count(leaving, 'droplet')} still to be destroyed`);
  return {
    status: 'True',
    reason: 'AllReady',
    message: `${wanted.length} of ${wanted.length} droplets Ready`,
  };
}

const notReady = (reason: string, message: string): Readiness => ({ status: 'False', reason, message });

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
