import { EVENT, NAMESPACE } from './built-in-kinds.ts';
import { GarbageCollector } from './garbage-collection.ts';
import type { Kind } from './kinds.ts';
import type { ApiObject } from './object.ts';
import type { Resources } from './resources.ts';
import { storeKey, type Store } from './store.ts';
import type { WatchHub } from './watch.ts';
import { WorkQueue } from './work-queue.ts';

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
  const garbage = new GarbageCollector(kinds, store, resources);
  const namespaces = new WorkQueue(name => emptyNamespace(name, kinds, store, resources));
  const expiry = new WorkQueue(() => expireEvents(store, now()));
  const compaction = new WorkQueue(() => store.compact());
  for (const { object } of store.list(NAMESPACE.id)) namespaces.add(object.metadata.name);
  store.onChange(({ kind, before, after }) => {
    const { name, namespace } = (after ?? before)!.object.metadata;
    if (kind === NAMESPACE.id) namespaces.add(name);
    else if (after === undefined && namespace !== undefined) namespaces.add(namespace);
    compaction.add('journal');
  });
  const timer = setInterval(() => {
    watches.sendBookmarks();
    expiry.add('events');
  }, MINUTE);
  return () => {
    clearInterval(timer);
    for (const part of [garbage, namespaces, expiry, compaction]) part.close();
  };
}

const IN_BACKGROUND = { dryRun: false, propagationPolicy: 'Background', preconditions: {} } as const;

/** Empties a namespace that is being deleted, and removes it once nothing is left in it. */
function emptyNamespace(namespace: string, kinds: readonly Kind[], store: Store, resources: Resources): void {
  const key = storeKey(undefined, namespace);
  const metadata = store.get(NAMESPACE.id, key)?.object.metadata;
  if (metadata?.deletionTimestamp === undefined) return;
  const targets = kinds.flatMap(kind =>
    store
      .list(kind.id)
      .filter(({ object }) => object.metadata.namespace === namespace)
      .map(({ object }) => ({ kind, namespace, name: object.metadata.name })),
  );
  const deleted = targets.map(target => resources.delete(target, IN_BACKGROUND));
  if (deleted.every(({ isGone }) => isGone) && metadata.finalizers === undefined)
    store.remove(NAMESPACE.id, key);
}

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
