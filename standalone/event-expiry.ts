import { EVENT } from './kinds.ts';
import type { ApiObject } from './object.ts';
import { storeKey, type Store } from './store.ts';

/** What a real API server keeps Events for. */
const EVENT_TTL_MS = 3_600_000;

/** Removes the Events that are over an hour old. `now` is in milliseconds. */
export function expireEvents(store: Store, now: number): void {
  for (const { object } of store.list(EVENT.id)) {
    if (lastTouched(object) + EVENT_TTL_MS >= now) continue;
    store.remove(EVENT.id, storeKey(object.metadata.namespace, object.metadata.name));
  }
}

/** An Event that repeats is kept alive by its lastTimestamp. */
function lastTouched(event: ApiObject): number {
  const times = [event.metadata.creationTimestamp, event['lastTimestamp'], event['eventTime']];
  return Math.max(...times.filter(time => typeof time === 'string').map(time => Date.parse(time)));
}
