import { findCondition, setCondition, type ConditionState } from '../../crds/conditions.ts';
import type { Droplet, DropletStatus } from '../../crds/droplet.ts';
import type { DropletPlan, Server } from './plan.ts';

/** The conditions besides Provisioned that Ready waits for, once something reports them. */
const GATES = ['Reachable', 'Configured', 'Healthy'] as const;

/** What a Droplet's status says after a plan was carried out. */
export function dropletStatus(
  droplet: Droplet,
  draft: DropletStatus,
  plan: Omit<DropletPlan, 'steps'>,
  now: Date,
): DropletStatus {
  const { generation } = droplet.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const said = { reason: plan.reason, message: plan.message, ...observed };
  const provisioned: ConditionState = { type: 'Provisioned', status: asStatus(plan.provisioned), ...said };
  const conditions = setCondition(draft.conditions, provisioned, now);
  const ready = { ...said, ...readiness({ ...draft, conditions }, plan) };
  return {
    ...draft,
    ...observed,
    phase: plan.phase,
    conditions: setCondition(conditions, { type: 'Ready', ...ready }, now),
  };
}

function readiness(
  { conditions }: DropletStatus,
  plan: Omit<DropletPlan, 'steps'>,
): Pick<ConditionState, 'status'> & Partial<Pick<ConditionState, 'reason' | 'message'>> {
  if (!plan.provisioned || plan.phase !== 'Active') return { status: 'False' };
  const closed = GATES.map(type => findCondition(conditions, type)).find(
    condition => condition !== undefined && condition.status !== 'True',
  );
  if (closed !== undefined) return { status: 'False', reason: closed.reason, message: closed.message };
  return { status: 'True', reason: 'Ready', message: plan.message };
}

const asStatus = (holds: boolean): 'True' | 'False' => (holds ? 'True' : 'False');

/** The facts of the server that the status repeats. */
export function withServer(status: DropletStatus, server: Server | undefined): DropletStatus {
  if (server === undefined) return status;
  const { publicAddress: _public, privateAddress: _private, ...rest } = status;
  return {
    ...rest,
    size: server.size,
    ...(server.publicAddress !== undefined && { publicAddress: server.publicAddress }),
    ...(server.privateAddress !== undefined && { privateAddress: server.privateAddress }),
  };
}

/** A status that knows of no server and of no request for one. */
export function withoutServer(status: DropletStatus): DropletStatus {
  const {
    nonce: _nonce,
    launchedAt: _launchedAt,
    dropletID: _dropletID,
    publicAddress: _public,
    privateAddress: _private,
    hostKeyFingerprint: _hostKey,
    size: _size,
    actionID: _action,
    ...rest
  } = status;
  return rest;
}
