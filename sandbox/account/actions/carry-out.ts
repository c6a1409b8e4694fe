import { startBilling, startCharge, stopBilling } from '../billing/charges.ts';
import { snapshotPrice, volumePrice } from '../billing/prices.ts';
import { assignReservedIp, releaseReservedIp } from '../network/reserved-ips.ts';
import type { ActionRecord, DropletRecord, Effect } from '../records/records.ts';
import type { Ending, World } from '../world.ts';
import { withBackups } from './backups.ts';
import { finishDestruction } from './destruction.ts';
import { afterEffect } from './effects.ts';

/** Lets an action that succeeded have its effect. What it named may be gone by then: then it has none. */
export function carryOut(world: World, action: ActionRecord, ending: Ending): void {
  const { effect, dropletId } = action;
  const droplet = dropletId === undefined ? undefined : world.state.get('droplets', dropletId);
  if (droplet !== undefined) {
    const after = afterEffect(droplet, effect);
    world.state.put('droplets', droplet.id, consequences(world, droplet, after, action, ending));
  }
  const execute = BESIDE[effect.kind] as Executor<Effect['kind']> | undefined;
  execute?.(world, action, effect, ending.at);
}

/** What else changes in the account when the droplet does; returns the droplet as it is kept. */
function consequences(
  world: World,
  before: DropletRecord,
  after: DropletRecord,
  { effect, startedAt }: ActionRecord,
  { at, size }: Ending,
): DropletRecord {
  if (effect.kind === 'resize') return billedAnew(world, before, after, at);
  if (effect.kind === 'backups') return withBackups(world, after, effect.policy, at);
  if (effect.kind === 'snapshot') {
    keepSnapshot(world, before, effect, startedAt, size);
    chargeSnapshot(world, effect.id, at);
  }
  return after;
}

/** Backups are paid in proportion to the size. */
function billedAnew(world: World, before: DropletRecord, after: DropletRecord, at: number): DropletRecord {
  stopBilling(world, before, at);
  const next = { ...after, billedFrom: at };
  startBilling(world, next);
  return next.backups === undefined ? next : withBackups(world, next, next.backups.policy, at);
}

/** The snapshot appears when its action ends, stamped with the action's start: clients find it so. */
function keepSnapshot(
  world: World,
  droplet: DropletRecord,
  { id, name }: { id: number; name: string },
  createdAt: number,
  size = droplet.image.sizeGigabytes,
): void {
  world.state.put('snapshots', id, {
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

function chargeSnapshot(world: World, id: number, from: number): void {
  const { name, sizeGigabytes } = world.state.get('snapshots', id)!;
  const monthly = snapshotPrice(sizeGigabytes);
  startCharge(world, { kind: 'snapshot', resource: String(id), name, monthly, from });
}

type Executor<K extends Effect['kind']> = (
  world: World,
  action: ActionRecord,
  effect: Extract<Effect, { kind: K }>,
  at: number,
) => void;

/** The effects on other resources than a droplet. */
const BESIDE: { readonly [K in Effect['kind']]?: Executor<K> } = {
  'grow-volume': (world, { volumeId }, { sizeGigabytes }, at) => {
    const volume = world.state.get('volumes', volumeId!);
    if (volume === undefined) return;
    world.state.put('volumes', volume.id, { ...volume, sizeGigabytes });
    const { id: resource, name } = volume;
    startCharge(world, { kind: 'volume', resource, name, monthly: volumePrice(sizeGigabytes), from: at });
  },
  'assign-ip': (world, { reservedIp, dropletId }, _effect, at) =>
    assignReservedIp(world, reservedIp!, dropletId!, at),
  'unassign-ip': (world, { reservedIp }, _effect, at) => releaseReservedIp(world, reservedIp!, at),
  'transfer-image': ({ state }, { imageId }, { region }) => {
    const image = state.get('snapshots', imageId!);
    if (image !== undefined)
      state.put('snapshots', image.id, { ...image, regions: [...new Set([...image.regions, region])] });
  },
  // A backup that became a snapshot stays when its droplet goes, and is paid.
  'convert-image': (world, { imageId }, _effect, at) => {
    const image = world.state.get('snapshots', imageId!);
    if (image === undefined) return;
    world.state.put('snapshots', image.id, { ...image, kind: 'snapshot' });
    chargeSnapshot(world, image.id, at);
  },
  destroy: (world, { dropletId }, _effect, at) => finishDestruction(world, dropletId!, at),
};
