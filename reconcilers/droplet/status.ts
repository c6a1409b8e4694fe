import type { ConditionValue } from '../../crds/conditions.ts';
import type { Droplet, DropletStatus } from '../../crds/droplet.ts';
import type { DROPLET_OWNERS } from '../../crds/status-owners.ts';
import type { StatusChange } from '../status/write.ts';
import type { Server, ServerStatus } from './model.ts';
import type { PassedPlan } from './pass.ts';

/** What the droplet controller says after a plan was carried out. */
export function dropletChange(
  { metadata: { generation } }: Droplet,
  server: ServerStatus,
  { phase, provisioned, reason, message, held }: Omit<PassedPlan, 'steps'>,
): StatusChange<DropletStatus, (typeof DROPLET_OWNERS)['droplet']> {
  return {
    fields: { ...(generation !== undefined && { observedGeneration: generation }), phase, server },
    conditions: {
      Provisioned: { status: provisioned ? 'True' : 'False', reason, message },
      // A condition of its own: the others go on to say how the server is.
      ConfirmationRequired: held && ({ status: 'True', ...held } satisfies ConditionValue),
    },
  };
}

/** With the facts of the server that the status repeats. */
export function withServer(status: ServerStatus, server: Server | undefined): ServerStatus {
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

/** With the server remembered that another is about to take the place of. */
export function withFormer(status: ServerStatus): ServerStatus {
  const { id, formerIDs = [] } = status;
  if (id === undefined || formerIDs.includes(id)) return status;
  return { ...status, formerIDs: [...formerIDs, id].slice(-MOST_FORMER) };
}

/** Without a server, and without a request for one. */
export const withoutServer = ({ formerIDs }: ServerStatus): ServerStatus =>
  formerIDs === undefined ? {} : { formerIDs };
