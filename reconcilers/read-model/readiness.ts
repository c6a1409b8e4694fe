import {
  findCondition,
  isConditionTrue,
  setCondition,
  type ConditionState,
  type ConditionValue,
} from '../../crds/conditions.ts';
import type { DropletSpec, DropletStatus } from '../../crds/droplet.ts';
import { CONFIRMATION_REQUIRED } from '../../crds/names.ts';
import type { ProjectStatus } from '../../crds/project.ts';
import type { ServiceDeploymentSpec, ServiceDeploymentStatus } from '../../crds/service-deployment.ts';
import { DROPLET_OWNERS } from '../../crds/status-owners.ts';
import { OVERDUE } from './droplet-state.ts';

/** The conditions besides Provisioned that a Droplet's Ready waits for, once something reports them. */
const GATES = ['Reachable', 'Configured', 'LoadBalancerReady', 'Healthy'] as const;
export type Gate = (typeof GATES)[number];

/** Those of them that something is sure to report where hosts are configured. */
export const requiredGates = (role: DropletSpec['role']): readonly Gate[] =>
  role === 'master' ? ['Reachable', 'Configured', 'LoadBalancerReady'] : ['Reachable', 'Configured'];

/**
 * The status with what follows from its parts, whoever wrote them: Ready, and the end of conditions that are about a
 * server which is another by now, or about a run of it that is over.
 *
 * @param required the gates that Ready waits for before anything was reported.
 */
export function settleDroplet(status: DropletStatus, required: readonly Gate[], now: Date): DropletStatus {
  const settled = { ...status, conditions: conditionsInForce(status) };
  const ready = overdue(dropletReady(settled, required), status, now);
  return { ...settled, conditions: setCondition(settled.conditions, ready, now) };
}

/** The parts of a Droplet's status that say which server they are about. */
const ABOUT_A_SERVER = ['host', 'loadBalancer'] as const;

function conditionsInForce(status: DropletStatus): NonNullable<DropletStatus['conditions']> {
  const { server, conditions = [] } = status;
  const former = ABOUT_A_SERVER.filter(part => status[part]?.serverID !== server?.id);
  const over = new Set<string>(former.flatMap(part => DROPLET_OWNERS[part].conditions));
  // What observers found of a server that is no more says nothing of the next one; a recovery is of both.
  const isRecovering = findCondition(conditions, 'Healthy')?.reason === 'Recovering';
  if (server !== undefined && server.id === undefined && !isRecovering) over.add('Healthy');
  // What is off or booting was reachable at another time.
  if (!isConditionTrue(conditions, 'Provisioned')) over.add('Reachable');
  return conditions.filter(({ type }) => !over.has(type));
}

/**
 * How many minutes after the server was asked for each of these is no longer what takes its time: a boot is a minute at
 * most, a first boot with all its packages five. Then it has the reason of trouble, and says what to do.
 */
const DEADLINES: Readonly<Record<string, { minutes: number; advice: string }>> = {
  Booting: {
    minutes: 10,
    advice: "look at it in DigitalOcean's console, or delete this Droplet to have it recreated",
  },
  FirstBoot: { minutes: 15, advice: '"dropfleet ssh" and "cloud-init status --long" tell more' },
};

function overdue(ready: ConditionState, { server }: DropletStatus, now: Date): ConditionState {
  const deadline = DEADLINES[ready.reason];
  const minutes = (now.getTime() - Date.parse(server?.launchedAt ?? '')) / 60_000;
  if (deadline === undefined || !(minutes > deadline.minutes)) return ready;
  const message = `${ready.message}; it has lasted over ${deadline.minutes} min: ${deadline.advice}`;
  return { ...ready, reason: `${ready.reason}${OVERDUE}`, message };
}

function dropletReady(status: DropletStatus, required: readonly Gate[]): ConditionState {
  const { phase, conditions } = status;
  const provisioned = findCondition(conditions, 'Provisioned') ?? NOTHING_KNOWN;
  const { reason, message } = provisioned;
  if (phase !== 'Active' || provisioned.status !== 'True') return readyOf(status, no(reason, message));
  const closed = closedGate(status, required);
  return readyOf(status, closed ?? { status: 'True', reason: 'Ready', message });
}

/** The first gate that keeps a server which runs from being Ready. */
function closedGate({ conditions }: DropletStatus, required: readonly Gate[]): ConditionValue | undefined {
  for (const type of GATES) {
    const gate = findCondition(conditions, type) ?? (required.includes(type) ? NOT_YET[type] : undefined);
    if (gate !== undefined && gate.status !== 'True') return no(gate.reason, gate.message);
  }
  return undefined;
}

const NOTHING_KNOWN = { status: 'Unknown', reason: 'Pending', message: 'not looked at yet' } as const;

/** The message of a gate before anything was reported. */
const NOT_YET: Record<Gate, ConditionValue> = {
  Reachable: { status: 'Unknown', reason: 'Connecting', message: 'not connected by SSH yet' },
  Configured: { status: 'Unknown', reason: 'Connecting', message: 'not probed yet' },
  LoadBalancerReady: {
    status: 'Unknown',
    reason: 'Configuring',
    message: 'load balancer not probed yet',
  },
  Healthy: { status: 'Unknown', reason: 'Pending', message: 'health not checked yet' },
};

/** The status with the Ready condition that follows from its others. */
export const settleProject = (status: ProjectStatus, now: Date): ProjectStatus => ({
  ...status,
  conditions: setCondition(status.conditions, projectReady(status), now),
});

function projectReady(status: ProjectStatus): ConditionState {
  const held = findCondition(status.conditions, CONFIRMATION_REQUIRED);
  const ready = readyOf(status, allOfProject(status));
  // What runs may well be Ready; the reason is what `kubectl get` shows, and what is held is what matters in it.
  return held?.status === 'True' ? { ...ready, reason: held.type, message: held.message } : ready;
}

function allOfProject({ conditions }: ProjectStatus): ConditionValue {
  const droplets = findCondition(conditions, 'DropletsReady') ?? NOTHING_KNOWN;
  const firewall = findCondition(conditions, 'FirewallReady');
  if (droplets.status !== 'True') return no(droplets.reason, droplets.message);
  if (firewall?.status === 'False')
    return no(`Firewall${firewall.reason}`, `firewalls out of sync: ${firewall.message}`);
  const volume = findCondition(conditions, 'DataVolumeReady');
  if (volume?.status === 'False') return no(`DataVolume${volume.reason}`, `data volume: ${volume.message}`);
  const address = findCondition(conditions, 'ReservedIPReady');
  if (address?.status === 'False')
    return no(`ReservedIP${address.reason}`, `reserved IP: ${address.message}`);
  return { ...droplets, reason: 'AllReady' };
}

/** The status of a service with the Ready condition that follows from its others. */
export const settleService = (
  status: ServiceDeploymentStatus,
  { type }: Pick<ServiceDeploymentSpec, 'type'>,
  now: Date,
): ServiceDeploymentStatus => ({
  ...status,
  conditions: setCondition(status.conditions, serviceReady(status, type), now),
});

function serviceReady(status: ServiceDeploymentStatus, type: ServiceDeploymentSpec['type']): ConditionState {
  const gates = ['Built', 'Rolled', ...(type === 'web' ? ['Routed'] : [])];
  for (const name of gates) {
    const gate = findCondition(status.conditions, name) ?? NOTHING_KNOWN;
    if (gate.status !== 'True') return readyOf(status, no(gate.reason, gate.message));
  }
  const { message } = findCondition(status.conditions, type === 'web' ? 'Routed' : 'Rolled')!;
  return readyOf(status, { status: 'True', reason: 'Ready', message });
}

const no = (reason: string, message: string): ConditionValue => ({ status: 'False', reason, message });

const readyOf = (
  { observedGeneration }: { observedGeneration?: number },
  { status, reason, message }: ConditionValue,
): ConditionState => ({
  type: 'Ready',
  status,
  reason,
  message,
  ...(observedGeneration !== undefined && { observedGeneration }),
});
