import { findCondition, setCondition, type ConditionState } from '../../crds/conditions.ts';
import type { DropletSpec, DropletStatus } from '../../crds/droplet.ts';
import type { Context } from '../context.ts';

/** The conditions besides Provisioned that Ready waits for, once something reports them. */
const GATES = ['Reachable', 'Configured', 'LoadBalancerReady', 'Healthy'] as const;
type Gate = (typeof GATES)[number];

/** Those of them that something is sure to report, so that a server of that role is not Ready before. */
export function requiredGates({ hosts }: Pick<Context, 'hosts'>, role: DropletSpec['role']): readonly Gate[] {
  if (hosts === undefined) return [];
  return role === 'master' ? ['Reachable', 'Configured', 'LoadBalancerReady'] : ['Reachable', 'Configured'];
}

/**
 * The status with the Ready condition that follows from its phase and its other conditions. Whoever changes one of
 * them says so in the same write, so that Ready is never older than what it is made from.
 */
export function withReady(status: DropletStatus, required: readonly Gate[], now: Date): DropletStatus {
  return { ...status, conditions: setCondition(status.conditions, readyCondition(status, required), now) };
}

function readyCondition(status: DropletStatus, required: readonly Gate[]): ConditionState {
  const { phase, observedGeneration } = status;
  const observed = observedGeneration === undefined ? {} : { observedGeneration };
  const { reason, message, ...provisioned } =
    findCondition(status.conditions, 'Provisioned') ?? NOTHING_KNOWN;
  const ready = { type: 'Ready', reason, message, ...observed };
  if (phase !== 'Active' || provisioned.status !== 'True') return { ...ready, status: 'False' };
  return { ...ready, ...(closedGate(status, required) ?? { status: 'True', reason: 'Ready' }) };
}

/** The first gate that keeps a server which runs from being Ready. */
function closedGate(
  { conditions }: DropletStatus,
  required: readonly Gate[],
): Pick<ConditionState, 'status' | 'reason' | 'message'> | undefined {
  for (const type of GATES) {
    const gate = findCondition(conditions, type) ?? (required.includes(type) ? NOT_YET[type] : undefined);
    if (gate !== undefined && gate.status !== 'True')
      return { status: 'False', reason: gate.reason, message: gate.message };
  }
  return undefined;
}

const NOTHING_KNOWN = { status: 'Unknown', reason: 'Pending', message: 'not looked at yet' } as const;

/** What is said of a gate before anything was reported. */
const NOT_YET: Record<Gate, Pick<ConditionState, 'status' | 'reason' | 'message'>> = {
  Reachable: { status: 'Unknown', reason: 'Connecting', message: 'about to connect to it by SSH' },
  Configured: { status: 'Unknown', reason: 'Connecting', message: 'about to look at its configuration' },
  LoadBalancerReady: {
    status: 'Unknown',
    reason: 'Configuring',
    message: 'about to look at its load balancer',
  },
  Healthy: { status: 'Unknown', reason: 'Pending', message: 'about to look at its health' },
};
