import { startAction, type ActionOrder } from '../../account/actions/lifecycle.ts';
import { REGION_SLUGS } from '../../account/catalog.ts';
import { VOLUMES_PER_DROPLET } from '../../account/limits.ts';
import type { ActionRecord, DropletRecord } from '../../account/records/records.ts';
import type { VolumeRecord } from '../../account/records/storage-records.ts';
import type { AccountContext } from '../../account/context.ts';
import { notFound, pendingEvent, unprocessable } from '../errors.ts';
import { found, optionalChoice, requiredChoice, requiredInteger, requiredString } from '../input.ts';
import { listReply } from '../pagination.ts';
import { accepted, ok, type Call, type Route } from '../route.ts';
import { actionOf, actionView, newestFirst } from './actions.ts';
import { readTags } from './tag-names.ts';
import { holders, readGrowth, volumeNamed, volumeOf } from './volumes.ts';

/** What can be done to volumes: attach, detach and grow. */
export const volumeActionRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v2/volumes/actions',
    operation: 'volumeActions.createByName',
    handle: createByName,
  },
  {
    method: 'GET',
    path: '/v2/volumes/:volume/actions',
    operation: 'volumeActions.list',
    handle: call => listReply(call, 'actions', newestFirst(call).filter(isOf(volumeOf(call))), actionView),
  },
  {
    method: 'POST',
    path: '/v2/volumes/:volume/actions',
    operation: 'volumeActions.create',
    handle: call => createAction(call, volumeOf(call), ['attach', 'detach', 'resize']),
  },
  {
    method: 'GET',
    path: '/v2/volumes/:volume/actions/:action',
    operation: 'volumeActions.get',
    handle: call => ok({ action: actionView(actionOf(call, isOf(volumeOf(call)))) }),
  },
];

const isOf =
  ({ id }: VolumeRecord) =>
  (action: ActionRecord): boolean =>
    action.volumeId === id;

/** The body names the volume, and may say in which region it is. */
function createByName(call: Call) {
  const name = requiredString(call.body, 'volume_name');
  const region = optionalChoice(call.body, 'region', REGION_SLUGS);
  const query = new URLSearchParams(region === undefined ? {} : { region });
  return createAction(call, volumeNamed({ ...call, query }, name), ['attach', 'detach']);
}

type Verb = 'attach' | 'detach' | 'resize';

function createAction(call: Call, volume: VolumeRecord, verbs: readonly Verb[]) {
  const verb = requiredChoice(call.body, 'type', verbs);
  optionalChoice(call.body, 'region', REGION_SLUGS);
  const order = ORDERS[verb](call, volume);
  const busy = volume.actionId !== undefined || isBusy(call.context, order.dropletId);
  if (busy || call.context.faults.take('pendingEvent', call.operation)) throw pendingEvent();
  return accepted({ action: actionView(startAction(call.context, call.operation, order, call.now)) });
}

/** Checks that it can be done, and says what will be. An attached volume's droplet is locked too. */
const ORDERS: Readonly<Record<Verb, (call: Call, volume: VolumeRecord) => ActionOrder>> = {
  attach(call, volume) {
    const droplet = dropletNamed(call);
    readTags(call.body);
    checkAttachable(call.context, volume, droplet.region);
    if (droplet.volumeIds.length >= VOLUMES_PER_DROPLET)
      throw unprocessable(`a Droplet can have at most ${VOLUMES_PER_DROPLET} volumes`);
    return orderOf(volume, 'attach_volume', { kind: 'attach-volume', volumeId: volume.id }, droplet.id);
  },
  detach(call, volume) {
    const droplet = dropletNamed(call);
    if (!droplet.volumeIds.includes(volume.id))
      throw notFound('error detaching volume from droplet: volume is not attached to droplet');
    return orderOf(volume, 'detach_volume', { kind: 'detach-volume', volumeId: volume.id }, droplet.id);
  },
  resize(call, volume) {
    const sizeGigabytes = readGrowth(call, volume);
    const holder = holders(call.context).get(volume.id);
    return orderOf(volume, 'resize_volume', { kind: 'grow-volume', sizeGigabytes }, holder);
  },
};

const orderOf = (
  { id, region }: VolumeRecord,
  type: string,
  effect: ActionOrder['effect'],
  dropletId: number | undefined,
): ActionOrder => ({ type, region, effect, volumeId: id, ...(dropletId !== undefined && { dropletId }) });

const dropletNamed = ({ context, body }: Call): DropletRecord =>
  found(context.state.get('droplets', requiredInteger(body, 'droplet_id')));

const isBusy = (context: AccountContext, dropletId: number | undefined): boolean =>
  dropletId !== undefined && context.state.get('droplets', dropletId)?.actionId !== undefined;

/** A volume is of one region, and of one droplet at a time. */
export function checkAttachable(context: AccountContext, volume: VolumeRecord, region: string): void {
  if (volume.region !== region) throw unprocessable('the volume and the Droplet must be in the same region');
  if (holders(context).has(volume.id)) throw unprocessable('the volume is already attached to a Droplet');
}
