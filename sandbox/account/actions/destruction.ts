import type { DestructionRecord, DoomedResource } from '../records/records.ts';
import type { AccountContext } from '../context.ts';
import {
  removeDroplet,
  removeImage,
  removeReservedIp,
  removeVolume,
  removeVolumeSnapshot,
} from './removal.ts';

// A droplet destroyed together with its associated resources: accepted first, carried out when its action ends.

/** Carries out the destruction that was asked for, the resources before the droplet. */
export function finishDestruction(context: AccountContext, dropletId: number, at: number): void {
  const destruction = context.state.get('destructions', dropletId);
  if (destruction === undefined) return;
  for (const resource of destruction.resources) REMOVERS[resource.kind](context, resource.id, at);
  removeDroplet(context, dropletId, at);
  complete(context, { ...destruction, failed: false, completedAt: at });
}

/** Nothing was destroyed, and it may be tried again. */
export function abandonDestruction(context: AccountContext, dropletId: number, at: number): void {
  const destruction = context.state.get('destructions', dropletId);
  if (destruction !== undefined) complete(context, { ...destruction, failed: true, completedAt: at });
}

function complete({ state }: AccountContext, destruction: DestructionRecord): void {
  state.put('destructions', destruction.dropletId, destruction);
}

const REMOVERS: Readonly<
  Record<DoomedResource['kind'], (context: AccountContext, id: string, at: number) => void>
> = {
  reserved_ips: removeReservedIp,
  snapshots: (context, id, at) => removeImage(context, Number(id), at),
  volumes: removeVolume,
  volume_snapshots: removeVolumeSnapshot,
};
