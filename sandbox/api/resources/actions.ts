import { addressNumber } from '../../account/network/cidr.ts';
import type { ActionRecord } from '../../account/records/records.ts';
import { stamp } from '../../account/stamp.ts';
import { found, numericId } from '../input.ts';
import { listReply } from '../pagination.ts';
import { ok, type Call, type Route } from '../route.ts';
import { regionViewOf } from './catalog.ts';

/** Everything that was ever done in the account, newest first. */
export const actionRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v2/actions',
    operation: 'actions.list',
    handle: call => listReply(call, 'actions', newestFirst(call), actionView),
  },
  {
    method: 'GET',
    path: '/v2/actions/:action',
    operation: 'actions.get',
    handle: call =>
      ok({ action: actionView(found(call.context.state.get('actions', numericId(call.params['action'])))) }),
  },
];

export const newestFirst = (call: Call): ActionRecord[] =>
  [...call.context.state.all('actions')].toReversed();

/** The droplet is named last: a volume that is attached to it, or an address that leads to it, comes first. */
export const actionView = (action: ActionRecord) => ({
  id: action.id,
  status: action.status,
  type: action.type,
  started_at: stamp(action.startedAt),
  completed_at: action.status === 'in-progress' ? null : stamp(action.endsAt),
  ...subjectOf(action),
  region: regionViewOf(action.region),
  region_slug: action.region,
});

/** Ids here are numbers: a volume has none, and an address is counted as one. */
function subjectOf({ dropletId, volumeId, reservedIp, imageId }: ActionRecord) {
  if (volumeId !== undefined) return { resource_id: null, resource_type: 'volume' };
  if (reservedIp !== undefined)
    return { resource_id: addressNumber(reservedIp), resource_type: 'reserved_ip' };
  if (imageId !== undefined) return { resource_id: imageId, resource_type: 'image' };
  return { resource_id: dropletId ?? null, resource_type: 'droplet' };
}

/** The action that a path names, if it is one of the resource's. */
export function actionOf(call: Call, isIts: (action: ActionRecord) => boolean): ActionRecord {
  const action = found(call.context.state.get('actions', numericId(call.params['action'])));
  return found(isIts(action) ? action : undefined);
}
