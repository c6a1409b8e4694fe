import { removeCondition, setCondition, type ConditionState } from '../../crds/conditions.ts';
import type { Droplet, DropletStatus } from '../../crds/droplet.ts';
import { CONFIRMATION_REQUIRED } from '../../crds/names.ts';
import type { PassedPlan } from './pass.ts';
import type { Server } from './plan.ts';
import { withReady } from './readiness.ts';

/** What a Droplet's status says after a plan was carried out; `gates` are those that Ready must wait for. */
export function dropletStatus(
  droplet: Droplet,
  draft: DropletStatus,
  plan: Omit<PassedPlan, 'steps'>,
  now: Date,
  gates: Parameters<typeof withReady>[1] = [],
): DropletStatus {
  const { generation } = droplet.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const said = { reason: plan.reason, message: plan.message, ...observed };
  const provisioned: ConditionState = { type: 'Provisioned', status: asStatus(plan.provisioned), ...said };
  // What is off or booting was reachable at another time.
  const before = plan.provisioned ? draft.conditions : without(draft.conditions, 'Reachable');
  const conditions = heldCondition(setCondition(before, provisioned, now), plan.held, observed, now);
  return withReady({ ...draft, ...observed, phase: plan.phase, conditions }, gates, now);
}

/** What is held is told by a condition of its own: the others go on to say how the server is. */
const heldCondition = (
  conditions: NonNullable<DropletStatus['conditions']>,
  held: PassedPlan['held'],
  observed: { observedGeneration?: number },
  now: Date,
): NonNullable<DropletStatus['conditions']> =>
  held === undefined
    ? removeCondition(conditions, CONFIRMATION_REQUIRED)
    : setCondition(conditions, { type: CONFIRMATION_REQUIRED, status: 'True', ...held, ...observed }, now);

const without = (conditions: DropletStatus['conditions'], ...types: string[]): DropletStatus['conditions'] =>
  conditions && types.reduce<NonNullable<DropletStatus['conditions']>>(removeCondition, conditions);

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

/** At most so many are remembered: see the CRD. */
const MOST_FORMER = 10;

/** The status that remembers the server which another is about to take the place of. */
export function withFormer(status: DropletStatus): DropletStatus {
  const { dropletID, formerDropletIDs = [] } = status;
  if (dropletID === undefined || formerDropletIDs.includes(dropletID)) return status;
  return { ...status, formerDropletIDs: [...formerDropletIDs, dropletID].slice(-MOST_FORMER) };
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
    nextHostKeyFingerprint: _nextHostKey,
    size: _size,
    actionID: _action,
    resize: _resize,
    conditions,
    ...rest
  } = status;
  const kept = without(conditions, 'Reachable', 'Configured', 'LoadBalancerReady');
  return kept === undefined ? rest : { ...rest, conditions: kept };
}
