import { startAction } from '../../account/actions/lifecycle.ts';
import { IDLE_RESERVED_IP, snapshotPrice, volumePrice } from '../../account/billing/prices.ts';
import type { DestructionRecord, DoomedResource, DropletRecord } from '../../account/records/records.ts';
import { stamp } from '../../account/stamp.ts';
import type { AccountContext } from '../../account/context.ts';
import { conflict, unprocessable, badRequest, pendingEvent } from '../errors.ts';
import { found, numericId, stringList } from '../input.ts';
import { ok, type Call, type Route } from '../route.ts';
import { readableDroplet } from './droplets.ts';

const PATH = '/v2/droplets/:droplet/destroy_with_associated_resources';

/** Destroying a droplet together with what belongs to it. */
export const dropletAssociateRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: PATH,
    operation: 'dropletAssociates.list',
    handle: call => ok(byKind(associatesOf(call.context, readableDroplet(call)), costView)),
  },
  {
    method: 'DELETE',
    path: `${PATH}/selective`,
    operation: 'dropletAssociates.destroySelected',
    handle: destroySelected,
  },
  {
    method: 'DELETE',
    path: `${PATH}/dangerous`,
    operation: 'dropletAssociates.destroyAll',
    handle: destroyAll,
  },
  {
    method: 'GET',
    path: `${PATH}/status`,
    operation: 'dropletAssociates.status',
    handle: call => ok(statusView(destructionOf(call))),
  },
  { method: 'POST', path: `${PATH}/retry`, operation: 'dropletAssociates.retry', handle: retry },
];

interface Associate extends DoomedResource {
  /** US dollars a month. */
  readonly cost: number;
}

/** What a droplet would leave behind: its address, its volumes, and the snapshots of both. */
function associatesOf({ state }: AccountContext, droplet: DropletRecord): Associate[] {
  const has = new Set(droplet.volumeIds);
  const addresses = [...state.all('reservedIps')].filter(({ dropletId }) => dropletId === droplet.id);
  const snapshots = [...state.all('snapshots')].filter(
    ({ kind, dropletId }) => kind === 'snapshot' && dropletId === droplet.id,
  );
  const volumes = [...state.all('volumes')].filter(({ id }) => has.has(id));
  const copies = [...state.all('volumeSnapshots')].filter(({ volumeId }) => has.has(volumeId));
  return [
    ...addresses.map(({ ip }) => associate('reserved_ips', ip, ip, IDLE_RESERVED_IP)),
    ...snapshots.map(it => associate('snapshots', String(it.id), it.name, snapshotPrice(it.sizeGigabytes))),
    ...volumes.map(it => associate('volumes', it.id, it.name, volumePrice(it.sizeGigabytes))),
    ...copies.map(it => associate('volume_snapshots', it.id, it.name, snapshotPrice(it.sizeGigabytes))),
  ];
}

const associate = (kind: Associate['kind'], id: string, name: string, cost: number): Associate => ({
  kind,
  id,
  name,
  cost,
});

const costView = ({ id, name, cost }: Associate) => ({ id, name, cost: cost.toFixed(2) });

/** Each kind with its resources; floating IPs are the reserved ones once more. */
function byKind<T extends DoomedResource>(resources: readonly T[], view: (resource: T) => object) {
  const of = (kind: DoomedResource['kind']): object[] =>
    resources.filter(resource => resource.kind === kind).map(view);
  return {
    reserved_ips: of('reserved_ips'),
    floating_ips: of('reserved_ips'),
    snapshots: of('snapshots'),
    volumes: of('volumes'),
    volume_snapshots: of('volume_snapshots'),
  };
}

function destroySelected(call: Call) {
  const droplet = readableDroplet(call);
  const associates = associatesOf(call.context, droplet);
  const fields = { ...byKind([], costView) };
  const chosen = Object.keys(fields).flatMap(field =>
    stringList(call.body, field).map(id => {
      const kind = field === 'floating_ips' ? 'reserved_ips' : field;
      const resource = associates.find(other => other.kind === kind && other.id === id);
      if (resource === undefined) throw unprocessable(`${field}: ${id} does not belong to this Droplet`);
      return resource;
    }),
  );
  return destroy(call, droplet, chosen);
}

function destroyAll(call: Call) {
  if (call.headers['x-dangerous'] !== 'true') throw badRequest('the header X-Dangerous must be true');
  const droplet = readableDroplet(call);
  return destroy(call, droplet, associatesOf(call.context, droplet));
}

function destroy(call: Call, droplet: DropletRecord, resources: readonly DoomedResource[]) {
  const { context, operation, now } = call;
  if (droplet.actionId !== undefined || context.faults.take('pendingEvent', operation)) throw pendingEvent();
  const doomed = resources.map(({ kind, id, name }) => ({ kind, id, name }));
  begin(call, { dropletId: droplet.id, name: droplet.name, resources: doomed, failed: false });
  const { id: dropletId, region } = droplet;
  startAction(context, operation, { type: 'destroy', region, effect: { kind: 'destroy' }, dropletId }, now);
  return { status: 202 };
}

function begin({ context }: Call, destruction: DestructionRecord): void {
  context.state.put('destructions', destruction.dropletId, destruction);
}

/** The droplet itself may be gone. */
const destructionOf = (call: Call): DestructionRecord =>
  found(call.context.state.get('destructions', numericId(call.params['droplet'])));

function statusView(destruction: DestructionRecord) {
  const { dropletId, name, resources, completedAt, failed } = destruction;
  const outcome = {
    ...(completedAt !== undefined && !failed && { destroyed_at: stamp(completedAt) }),
    ...(failed && { error_message: 'The request could not be completed. It may be retried.' }),
  };
  return {
    droplet: { id: String(dropletId), name, ...outcome },
    resources: byKind(resources, ({ id, name }) => ({ id, name, ...outcome })),
    ...(completedAt !== undefined && { completed_at: stamp(completedAt) }),
    failures: failed ? resources.length + 1 : 0,
  };
}

function retry(call: Call) {
  const destruction = destructionOf(call);
  if (!destruction.failed) throw conflict('The request could not be completed due to a conflict.');
  const droplet = readableDroplet(call);
  return destroy(call, droplet, destruction.resources);
}
