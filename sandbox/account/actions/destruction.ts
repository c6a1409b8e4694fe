import type { DestructionRecord, DoomedResource } from '../records/records.ts';
import type { World } from '../world.ts';
import {
  removeDroplet,
  removeImage,
  removeReservedIp,
  removeVolume,
  removeVolumeSnapshot,
} from './removal.ts';

// A droplet destroyed together with its associated resources: accepted first, carried out when its action ends.

/** Carries out the destruction that was asked for, the resources before the droplet. */
export function finishDestruction(world: World, dropletId: number, at: number): void {
  const destruction = world.state.get('destructions', dropletId);
  if (destruction === undefined) return;
  for (const resource of destruction.resources) REMOVERS[resource.kind](world, resource.id, at);
  removeDroplet(world, dropletId, at);
  complete(world, { ...destruction, failed: false, completedAt: at });
}

/** Nothing was destroyed, and it may be tried again. */
export function abandonDestruction(world: World, dropletId: number, at: number): void {
  const destruction = world.state.get('destructions', dropletId);
  if (destruction !== undefined) complete(world, { ...destruction, failed: true, completedAt: at });
}

function complete({ state }: World, destruction: DestructionRecord): void {
  state.put('destructions', destruction.dropletId, destruction);
}

const REMOVERS: Readonly<Record<DoomedResource['kind'], (world: World, id: string, at: number) => void>> = {
  reserved_ips: removeReservedIp,
  snapshots: (world, id, at) => removeImage(world, Number(id), at),
  volumes: removeVolume,
  volume_snapshots: removeVolumeSnapshot,
};
