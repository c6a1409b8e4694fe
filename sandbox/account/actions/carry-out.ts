import { startBilling, startCharge, stopBilling } from '../billing/charges.ts';
import { snapshotPrice, volumePrice } from '../billing/prices.ts';
import { assignReservedIp, releaseReservedIp } from '../network/reserved-ips.ts';
import type { ActionRecord, DropletRecord, Effect } from '../records/records.ts';
import type { Ending, AccountContext } from '../context.ts';
import { withBackups } from './backups.ts';
import { finishDestruction } from './destruction.ts';
import { afterEffect } from './effects.ts';

/** Lets an action that succeeded have its effect. What it named may be gone by then: then it has none. */
export function carryOut(context: AccountContext, action: ActionRecord, ending: Ending): void {
  const { effect, dropletId } = action;
  const droplet = dropletId === undefined ? undefined : context.state.get('droplets', dropletId);
  if (droplet !== undefined) {
    const after = afterEffect(droplet, effect);
    context.state.put('droplets', droplet.id, consequences(context, droplet, after, action, ending));
  }
  const execute = BESIDE[effect.kind] as Executor<Effect['kind']> | undefined;
  execute?.(context, action, effect, ending.at);
}

/** What else changes in the account when the droplet does; returns the droplet as it is kept. */
function consequences(
  context: AccountContext,
  before: DropletRecord,
  after: DropletRecord,
  { effect, startedAt }: ActionRecord,
  { at, size }: Ending,
): DropletRecord {
  if (effect.kind === 'resize') return billedAgain(context, before, after, at);
  if (effect.kind === 'backups') return withBackups(context, after, effect.policy, at);
  if (effect.kind === 'snapshot') {
    keepSnapshot(context, before, effect, startedAt, size);
    chargeSnapshot(context, effect.id, at);
  }
  return after;
}

/** Backups are paid in proportion to the size. */
function billedAgain(
  context: AccountContext,
  before: DropletRecord,
  after: DropletRecord,
  at: number,
): DropletRecord {
  stopBilling(context, before, at);
  const next = { ...after, billedFrom: at };
  startBilling(context, next);
  return next.backups === undefined ? next : withBackups(context, next, next.backups.policy, at);
}

/** The snapshot appears when its action ends, stamped with the action's start: clients find it so. */
function keepSnapshot(
  context: AccountContext,
  droplet: DropletRecord,
  { id, name }: { id: number; name: string },
  createdAt: number,
  size = droplet.image.sizeGigabytes,
): void {
  context.state.put('snapshots', id, {
    id,
    name,
    distribution: droplet.image.distribution,
    slug: null,
    kind: 'snapshot',
    regions: [droplet.region],
    createdAt,
    minDiskSize: droplet.disk,
    sizeGigabytes: size,
    description: '',
    tags: [],
    dropletId: droplet.id,
  });
}

function chargeSnapshot(context: AccountContext, id: number, from: number): void {
  const { name, sizeGigabytes } = context.state.get('snapshots', id)!;
  const monthly = snapshotPrice(sizeGigabytes);
  startCharge(context, { kind: 'snapshot', resource: String(id), name, monthly, from });
}

type Executor<K extends Effect['kind']> = (
  context: AccountContext,
  action: ActionRecord,
  effect: Extract<Effect, { kind: K }>,
  at: number,
) => void;

/** The effects on other resources than a droplet. */
const BESIDE: { readonly [K in Effect['kind']]?: Executor<K> } = {
  'grow-volume': (context, { volumeId }, { sizeGigabytes }, at) => {
    const volume = context.state.get('volumes', volumeId!);
    if (volume === undefined) return;
    context.state.put('volumes', volume.id, { ...volume, sizeGigabytes });
    const { id: resource, name } = volume;
    startCharge(context, { kind: 'volume', resource, name, monthly: volumePrice(sizeGigabytes), from: at });
  },
  'assign-ip': (context, { reservedIp, dropletId }, _effect, at) =>
    assignReservedIp(context, reservedIp!, dropletId!, at),
  'unassign-ip': (context, { reservedIp }, _effect, at) => releaseReservedIp(context, reservedIp!, at),
  'transfer-image': ({ state }, { imageId }, { region }) => {
    const image = state.get('snapshots', imageId!);
    if (image !== undefined)
      state.put('snapshots', image.id, { ...image, regions: [...new Set([...image.regions, region])] });
  },
  // A backup that became a snapshot stays when its droplet goes, and is paid.
  'convert-image': (context, { imageId }, _effect, at) => {
    const image = context.state.get('snapshots', imageId!);
    if (image === undefined) return;
    context.state.put('snapshots', image.id, { ...image, kind: 'snapshot' });
    chargeSnapshot(context, image.id, at);
  },
  destroy: (context, { dropletId }, _effect, at) => finishDestruction(context, dropletId!, at),
};
