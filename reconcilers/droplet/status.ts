import { removeCondition, setCondition, type ConditionState } from '../../crds/conditions.ts';
import type { Droplet, DropletStatus } from '../../crds/droplet.ts';
import { CONFIRMATION_REQUIRED } from '../../crds/names.ts';
import type { PassedPlan } from './pass.ts';
import type { Server, ServerStatus } from './model.ts';
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

/** The status with those fields of its server's part changed. */
export const withFields = (status: DropletStatus, fields: ServerStatus): DropletStatus => ({
  ...status,
  server: { ...status.server, ...fields },
});

/** The facts of the server that the status repeats. */
export function withServer(status: DropletStatus, server: Server | undefined): DropletStatus {
  if (server === undefined) return status;
  const { publicAddress: _public, privateAddress: _private, ...rest } = status.server ?? {};
  return {
    ...status,
    server: {
      ...rest,
      size: server.size,
      ...(server.publicAddress !== undefined && { publicAddress: server.publicAddress }),
      ...(server.privateAddress !== undefined && { privateAddress: server.privateAddress }),
    },
  };
}

/** At most so many are remembered: see the CRD. */
const MOST_FORMER = 10;

/** The status that remembers the server which another is about to take the place of. */
export function withFormer(status: DropletStatus): DropletStatus {
  const { id, formerIDs = [] } = status.server ?? {};
  if (id === undefined || formerIDs.includes(id)) return status;
  return withFields(status, { formerIDs: [...formerIDs, id].slice(-MOST_FORMER) });
}

/** A status that knows of no server and of no request for one. */
export function withoutServer(status: DropletStatus): DropletStatus {
  const { conditions, host: _host, server, ...rest } = status;
  const kept = without(conditions, 'Reachable', 'Configured', 'LoadBalancerReady');
  return {
    ...rest,
    ...(server?.formerIDs && { server: { formerIDs: server.formerIDs } }),
    ...(kept && { conditions: kept }),
  };
}
