import { found, numericId } from '../input.ts';
import { listReply } from '../pagination.ts';
import type { ActionRecord } from '../records.ts';
import { ok, type Call, type Route } from '../route.ts';
import { stamp } from '../stamp.ts';
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
      ok({ action: actionView(found(call.world.state.get('actions', numericId(call.params['action'])))) }),
  },
];

export const newestFirst = (call: Call): ActionRecord[] => [...call.world.state.all('actions')].toReversed();

export const actionView = (action: ActionRecord) => ({
  id: action.id,
  status: action.status,
  type: action.type,
  started_at: stamp(action.startedAt),
  completed_at: action.status === 'in-progress' ? null : stamp(action.endsAt),
  resource_id: action.dropletId,
  resource_type: 'droplet',
  region: regionViewOf(action.region),
  region_slug: action.region,
});
