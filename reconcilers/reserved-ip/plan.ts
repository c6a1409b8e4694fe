import type { ConditionValue } from '../../crds/conditions.ts';
import type { ProjectStatus } from '../../crds/project.ts';
import type { HolderView, MasterView } from '../master/model.ts';

/** What a Project's status says of its reserved IP. */
export type ReservedIPStatus = NonNullable<ProjectStatus['reservedIP']>;

/** An address of the account. */
export interface AddressView {
  address: string;
  /** The cloud is at work on it. */
  locked: boolean;
  /** Where it leads; undefined while it leads nowhere, or is on its way. */
  dropletId?: number;
}

export interface ReservedIPInput {
  isWanted: boolean;
  status: ReservedIPStatus;
  /** All of the account, but those that other Projects have. */
  addresses: readonly AddressView[];
  master?: MasterView;
  /** Where the project's address leads, unless that is to the master. */
  holder?: HolderView;
  /** Whether an address that was asked for, and of which nothing is to be seen, has had its time. */
  isGraceOver: boolean;
}

export type ReservedIPStep =
  /** `requestedFor` is written down before. */
  | { type: 'create'; for: number }
  /** In place of one that was this project's and is gone. */
  | { type: 'create-again'; for: number; lost: string }
  | { type: 'adopt'; address: string }
  /** `from`: the droplet that it is taken from. */
  | { type: 'assign'; address: string; to: number; from?: number }
  /** It leads to the master. */
  | { type: 'arrive'; at: number }
  | { type: 'release'; address: string }
  | { type: 'forget' };

/** What to do now, and what to say of it. */
export interface ReservedIPPlan {
  step?: ReservedIPStep;
  /** Undefined for nothing to be said. */
  condition?: ConditionValue;
  /** How soon to look again; undefined when only a change matters. */
  pace?: 'poll' | 'retry' | 'look';
}

/**
 * How a project gets its address, and how that gets to lead to the master. Addresses carry no tags: the one that leads to
 * the server that it was asked for is the answer, as a droplet has one at most.
 *
 *     the project's address               | the master's server         | step
 *     ------------------------------------+-----------------------------+----------------------------------------
 *     none, and none was asked for        | there, not to be replaced   | write that down, and ask for one
 *     was asked for, one leads there      | any                         | it is the one
 *     was asked for, one is on its way    | any                         | wait
 *     was asked for, nothing is to be seen| any                         | wait for a while, then ask again
 *     leads to it                         | there                       | -
 *     leads nowhere                       | there, not to be replaced   | let it lead there
 *     leads to a former one that is off,  | there, not to be replaced   | let it lead there
 *       or is gone                        |                             |
 *     leads to another server             | any                         | wait: nothing is taken from what runs
 *     is gone                             | there                       | another; a person confirms it
 *     is no longer wanted                 | any                         | release it; a person confirms it
 */
export function planReservedIP(input: ReservedIPInput): ReservedIPPlan {
  const { isWanted, status, addresses } = input;
  if (!isWanted) return planRelease(input);
  if (status.address === undefined) return planRequest(input);
  const own = addresses.find(({ address }) => address === status.address);
  return own === undefined ? planLost(input, status.address) : planLead(input, own);
}

function planRelease({ status, addresses }: ReservedIPInput): ReservedIPPlan {
  const { address } = status;
  if (address === undefined || !addresses.some(one => one.address === address))
    return { step: { type: 'forget' } };
  const message = `${address} is no longer asked for, and would be another account's next`;
  return retry(no('NotWanted', message), { type: 'release', address });
}

function planRequest({ status, addresses, master, isGraceOver }: ReservedIPInput): ReservedIPPlan {
  const { requestedFor } = status;
  const places = [requestedFor, master?.id].filter(id => id !== undefined);
  const found = addresses.find(({ dropletId }) => dropletId !== undefined && places.includes(dropletId));
  if (found !== undefined)
    return poll(no('Reserving', `${found.address} is there`), { type: 'adopt', address: found.address });
  const mayBeComing = addresses.some(({ locked, dropletId }) => locked && dropletId === undefined);
  if (requestedFor !== undefined && (mayBeComing || !isGraceOver))
    return poll(no('Reserving', `waiting for the address that was asked for droplet ${requestedFor}`));
  if (!isFit(master)) return poll(WAITING);
  return poll(no('Reserving', `asking for an address for droplet ${master.id}`), {
    type: 'create',
    for: master.id,
  });
}

function planLost({ master }: ReservedIPInput, lost: string): ReservedIPPlan {
  const condition = no('Missing', `the address ${lost} is no longer the account's`);
  return isFit(master) ? retry(condition, { type: 'create-again', for: master.id, lost }) : retry(condition);
}

function planLead(
  { status, master, holder }: ReservedIPInput,
  { address, locked, dropletId }: AddressView,
): ReservedIPPlan {
  if (locked) return poll(no('Assigning', `${address} is on its way`));
  if (dropletId !== undefined && dropletId === master?.id) {
    const condition = {
      status: 'True',
      reason: 'Assigned',
      message: `${address} leads to the master`,
    } as const;
    return status.serverID === master.id
      ? { condition, pace: 'look' }
      : { condition, pace: 'look', step: { type: 'arrive', at: master.id } };
  }
  if (holder !== undefined && !(holder.isOff && holder.isFormer)) {
    const message = holder.isFormer
      ? `${address} leads to droplet ${holder.id}, which was the master before and is not off yet`
      : `${address} leads to droplet ${holder.id}, which is not this project's master: unassign it at DigitalOcean`;
    return (holder.isFormer ? poll : retry)(no('Held', message));
  }
  if (!isFit(master)) return poll(WAITING);
  return poll(no('Assigning', `having ${address} lead to droplet ${master.id}`), {
    type: 'assign',
    address,
    to: master.id,
    ...(holder && { from: holder.id }),
  });
}

const isFit = (master: MasterView | undefined): master is MasterView =>
  master !== undefined && master.isIdle && !master.isReplaced;

const no = (reason: string, message: string): ConditionValue => ({ status: 'False', reason, message });

const WAITING = no('WaitingForMaster', "waiting for the master's server");

const planWith =
  (pace: 'poll' | 'retry') =>
  (condition: ConditionValue, step?: ReservedIPStep): ReservedIPPlan => ({
    condition,
    pace,
    ...(step && { step }),
  });

const poll = planWith('poll');
const retry = planWith('retry');
