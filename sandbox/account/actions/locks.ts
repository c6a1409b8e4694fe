import type { ActionRecord } from '../records/records.ts';
import type { State } from '../records/state.ts';

// A resource is locked by the `actionId` of the action under way on it. An action that joins two resources, a
// volume and a droplet, locks both.

/** Where an action names what it locks. */
const LOCKED = [
  ['droplets', 'dropletId'],
  ['volumes', 'volumeId'],
  ['reservedIps', 'reservedIp'],
  ['snapshots', 'imageId'],
] as const;

export function lock(state: State, action: ActionRecord): void {
  for (const [collection, field] of LOCKED) {
    const id = action[field];
    const record = id === undefined ? undefined : state.get(collection, id);
    if (record !== undefined) state.put(collection, id!, { ...record, actionId: action.id });
  }
}

/** Frees what the action still locks; another action may have it by now. */
export function unlock(state: State, action: ActionRecord): void {
  for (const [collection, field] of LOCKED) {
    const id = action[field];
    const record = id === undefined ? undefined : state.get(collection, id);
    if (record?.actionId !== action.id) continue;
    const { actionId: _over, ...unlocked } = record;
    state.put(collection, id!, unlocked);
  }
}

/** The ids of all actions under way. */
export function actionsUnderWay(state: State): Set<number> {
  const ids = new Set<number>();
  for (const [collection] of LOCKED)
    for (const { actionId } of state.all(collection)) if (actionId !== undefined) ids.add(actionId);
  return ids;
}
