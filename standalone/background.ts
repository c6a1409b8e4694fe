import { Dependents } from './dependents.ts';
import { GarbageCollector } from './garbage-collection.ts';
import { EVENT } from './built-in-kinds.ts';
import type { Kind } from './kinds.ts';
import { deleteNamespaces } from './namespace-deletion.ts';
import type { Resources } from './resources.ts';
import type { ApiObject } from './object.ts';
import { slices } from './slices.ts';
import { keyOf, type Entry, type Store } from './store.ts';
import type { WatchHub } from './watch.ts';
import { WorkQueue, type Steps } from './work-queue.ts';

const MINUTE = 60_000;
/** What a real API server keeps Events for. */
const EVENT_TTL_MS = 60 * MINUTE;

/** What the work that goes on between requests needs. */
export interface Background {
  store: Store;
  resources: Resources;
  watches: WatchHub;
  kinds: readonly Kind[];
  now: () => number;
}

/**
 * Starts what a real cluster's controllers do: garbage collection, namespace deletion, the expiry of Events;
 * the bookmarks of watches, and the compaction of the journal. The returned function stops it all.
 */
export function startBackground({ store, resources, watches, kinds, now }: Background): () => void {
  const dependents = new Dependents(kinds, store);
  store.onChange(change => dependents.apply(change));
  const garbage = new GarbageCollector(store, dependents, resources);
  const namespaces = deleteNamespaces(kinds, store, resources);
  const expiry = new WorkQueue(store, () => expireEvents(store, now()));
  const compaction = new WorkQueue(store, () => compact(store));
  store.onChange(() => compaction.add('journal'));
  const timer = setInterval(() => {
    watches.sendBookmarks();
    expiry.add('events');
  }, MINUTE);
  return () => {
    clearInterval(timer);
    for (const part of [garbage, namespaces, expiry, compaction]) part.close();
  };
}

function* compact(store: Store): Steps {
  store.compact();
  yield;
}

/** Removes the Events that are over an hour old. `now` is in milliseconds. */
export function* expireEvents(store: Store, now: number): Steps {
  const isOver = ({ object }: Entry): boolean => lastTouched(object) + EVENT_TTL_MS < now;
  for (const events of slices(store.all(EVENT.id))) {
    store.write(
      events.filter(isOver).map(event => ({ kind: EVENT.id, key: keyOf(event), object: undefined })),
    );
    yield;
  }
}

/** An Event that repeats is kept alive by its lastTimestamp. */
function lastTouched(event: ApiObject): number {
  const times = [event.metadata.creationTimestamp, event['lastTimestamp'], event['eventTime']];
  return Math.max(...times.filter(time => typeof time === 'string').map(time => Date.parse(time)));
}
