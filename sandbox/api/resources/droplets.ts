import { withBackups } from '../../account/actions/backups.ts';
import { startAction } from '../../account/actions/lifecycle.ts';
import { removeDroplet } from '../../account/actions/removal.ts';
import { startBilling } from '../../account/billing/charges.ts';
import { assignAddresses, defaultVpc, hasRoom } from '../../account/network/networks.ts';
import { assign, defaultProject } from '../../account/projects.ts';
import type { ActionRecord, DropletRecord, ImageRecord } from '../../account/records/records.ts';
import { stamp } from '../../account/stamp.ts';
import { ensureTags, hasTag } from '../../account/tagging.ts';
import { nextNumber } from '../../account/context.ts';
import { badRequest, notFound, pendingEvent, unprocessable } from '../errors.ts';
import { found, numericId } from '../input.ts';
import { listReply } from '../pagination.ts';
import { accepted, noContent, ok, type Call, type Route } from '../route.ts';
import { readDropletOrder, type DropletOrder } from './droplet-request.ts';
import { dropletView, imagesByDroplet } from './droplet-view.ts';

/** Droplets themselves; what happens to them is in droplet-actions.ts. */
export const dropletRoutes: readonly Route[] = [
  { method: 'GET', path: '/v2/droplets', operation: 'droplets.list', handle: listDroplets },
  { method: 'POST', path: '/v2/droplets', operation: 'droplets.create', handle: createDroplets },
  { method: 'DELETE', path: '/v2/droplets', operation: 'droplets.deleteByTag', handle: deleteByTag },
  { method: 'GET', path: '/v2/droplets/:droplet', operation: 'droplets.get', handle: getDroplet },
  { method: 'DELETE', path: '/v2/droplets/:droplet', operation: 'droplets.delete', handle: deleteDroplet },
  {
    method: 'GET',
    path: '/v2/droplets/:droplet/snapshots',
    operation: 'droplets.snapshots',
    handle: listSnapshots,
  },
  {
    method: 'GET',
    path: '/v2/droplets/:droplet/kernels',
    operation: 'droplets.kernels',
    // Of all images that are offered, none has a kernel that could be chosen from outside.
    handle: call => (readableDroplet(call), listReply(call, 'kernels', [], kernel => kernel)),
  },
  {
    method: 'GET',
    path: '/v2/droplets/:droplet/neighbors',
    operation: 'droplets.neighbors',
    // The sandbox has room for every droplet on hardware of its own.
    handle: call => (readableDroplet(call), ok({ droplets: [] })),
  },
];

/** The droplet that a path names; one that cannot be read yet is not found. */
export function readableDroplet(call: Call): DropletRecord {
  const droplet = found(call.context.state.get('droplets', numericId(call.params['droplet'])));
  if ((droplet.readableAt ?? 0) > call.now) throw notFound();
  return droplet;
}

/** Those with the tag, whether lists show them yet or not. */
export const dropletsTagged = (call: Call, tag: string): DropletRecord[] =>
  [...call.context.state.all('droplets')].filter(droplet => hasTag(droplet.tags, tag));

function listDroplets(call: Call) {
  const { context, query, now } = call;
  const [tag, name, type] = ['tag_name', 'name', 'type'].map(filter => query.get(filter));
  if (tag && (name || type)) throw badRequest('tag_name cannot be combined with name or type');
  const images = imagesByDroplet(context);
  const shown = [...context.state.all('droplets')].filter(
    droplet =>
      (droplet.listedAt ?? 0) <= now &&
      (!tag || hasTag(droplet.tags, tag)) &&
      (!name || droplet.name.toLowerCase() === name.toLowerCase()) &&
      type !== 'gpus',
  );
  return listReply(call, 'droplets', shown, droplet => dropletView(context, droplet, images));
}

function getDroplet(call: Call) {
  return ok({ droplet: dropletView(call.context, readableDroplet(call)) });
}

function createDroplets(call: Call) {
  const { context } = call;
  const order = readDropletOrder(call);
  const total = context.state.count('droplets') + order.names.length;
  if (total > context.dropletLimit || context.faults.take('quota', call.operation))
    throw unprocessable('creating this/these droplet(s) will exceed your droplet limit');
  const actions = order.names.map(name => createDroplet(call, order, name));
  const views = actions.map(({ dropletId }) =>
    dropletView(context, context.state.get('droplets', dropletId!)!, new Map()),
  );
  const links = { actions: actions.map(action => actionLink(call, action)) };
  return accepted(order.single ? { droplet: views[0], links } : { droplets: views, links });
}

const actionLink = (call: Call, action: ActionRecord) => ({
  id: action.id,
  rel: 'create',
  href: `${call.baseUrl}/v2/actions/${action.id}`,
});

function createDroplet(call: Call, order: DropletOrder, name: string): ActionRecord {
  const { context, operation, now } = call;
  const vpc = order.vpc ?? defaultVpc(context, order.region, now);
  if (!hasRoom(context, vpc)) throw unprocessable('The VPC has no free addresses.');
  const reuseAddress = context.faults.take('reuseAddress', call.operation) !== undefined;
  const homeless: Omit<DropletRecord, 'addresses'> = {
    id: nextNumber(context.state, 'droplet'),
    name,
    createdAt: now,
    status: 'new',
    size: order.size.slug,
    disk: order.size.disk,
    region: order.region,
    image: order.image,
    tags: ensureTags(context, order.tags),
    features: order.features,
    ...(order.isPrivate && { isPrivate: true }),
    vpc: vpc.id,
    volumeIds: order.volumeIds,
    authorizedKeys: order.authorizedKeys,
    installations: 1,
    ...(order.userData !== undefined && { userData: order.userData }),
    billedFrom: now,
    ...lagsOf(call),
  };
  const droplet = { ...homeless, addresses: assignAddresses(context, homeless, reuseAddress) };
  const { id: dropletId, region } = droplet;
  startBilling(context, droplet);
  context.state.put('droplets', dropletId, withBackups(context, droplet, order.backups ?? null, now));
  assign(context, `do:droplet:${dropletId}`, defaultProject(context, now).id, now);
  return startAction(
    context,
    operation,
    { type: 'create', region, effect: { kind: 'boot' }, dropletId },
    now,
  );
}

/** What faults have in store for a new droplet. A boot's time is how long they last unless they say. */
function lagsOf({
  context,
  now,
  operation,
}: Call): Pick<DropletRecord, 'listedAt' | 'readableAt' | 'machineAt' | 'goneAt'> {
  const until = (ms: number | undefined): number => now + (ms ?? context.bootDelayMs);
  const listLag = context.faults.take('listLag', operation);
  const readLag = context.faults.take('notFoundAfterCreate', operation);
  const sshLag = context.faults.take('sshLag', operation);
  const vanish = context.faults.take('vanish', operation);
  return {
    ...(listLag && { listedAt: until(listLag.ms) }),
    ...(readLag && { readableAt: until(readLag.ms) }),
    ...(sshLag && { machineAt: until(sshLag.ms) + context.bootDelayMs }),
    ...(vanish && { goneAt: until(vanish.ms ?? context.bootDelayMs / 2) }),
  };
}

function deleteDroplet(call: Call) {
  const droplet = readableDroplet(call);
  if (droplet.actionId !== undefined || call.context.faults.take('pendingEvent', call.operation))
    throw pendingEvent();
  destroy(call, droplet);
  return noContent();
}

/** All or none: one busy droplet stops the whole request. */
function deleteByTag(call: Call) {
  const tag = call.query.get('tag_name');
  if (!tag) throw badRequest('tag_name is required');
  const doomed = dropletsTagged(call, tag);
  if (doomed.some(droplet => droplet.actionId !== undefined))
    throw unprocessable('there are currently blocking events processing for one or more of the droplets');
  for (const droplet of doomed) destroy(call, droplet);
  return noContent();
}

function destroy(call: Call, droplet: DropletRecord): void {
  const { context, now } = call;
  const lag = context.faults.take('deleteLag', call.operation);
  if (lag === undefined) return removeDroplet(context, droplet.id, now);
  const order = {
    type: 'destroy',
    region: droplet.region,
    effect: { kind: 'none' },
    dropletId: droplet.id,
  } as const;
  startAction(context, call.operation, order, now);
  const locked = context.state.get('droplets', droplet.id)!;
  context.state.put('droplets', droplet.id, { ...locked, goneAt: now + (lag.ms ?? context.bootDelayMs) });
}

function listSnapshots(call: Call) {
  const { id } = readableDroplet(call);
  const snapshots = [...call.context.state.all('snapshots')].filter(
    ({ kind, dropletId }) => kind === 'snapshot' && dropletId === id,
  );
  return listReply(call, 'snapshots', snapshots, snapshotView);
}

/** Unlike under /v2/snapshots, the id is a number here, and the droplet is not named. */
const snapshotView = (snapshot: ImageRecord) => ({
  id: snapshot.id,
  name: snapshot.name,
  type: 'snapshot',
  regions: snapshot.regions,
  created_at: stamp(snapshot.createdAt),
  min_disk_size: snapshot.minDiskSize,
  size_gigabytes: snapshot.sizeGigabytes,
});
