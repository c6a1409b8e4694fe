import { isDeepStrictEqual } from 'node:util';
import { EVENT, NAMESPACE } from './built-in-kinds.ts';
import { deferred, forEachAnyway } from './deferred.ts';
import { collectGarbage } from './garbage-collection.ts';
import type { Kind } from './kinds.ts';
import type { ApiObject } from './object.ts';
import type { Resources } from './resources.ts';
import { storeKey, type Change, type Entry, type Store } from './store.ts';
import type { WatchHub } from './watch.ts';

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
  const garbage = deferred(() => collectGarbage(kinds, store, resources));
  const namespaces = deferred(() => emptyNamespaces(kinds, store, resources));
  const expiry = deferred(() => expireEvents(store, now()));
  const compaction = deferred(() => store.compact());
  store.onChange(change => {
    compaction.schedule();
    if (!concernsOthers(change)) return;
    garbage.schedule();
    namespaces.schedule();
  });
  garbage.schedule();
  namespaces.schedule();
  const timer = setInterval(() => {
    watches.sendBookmarks();
    expiry.schedule();
  }, MINUTE);
  return () => {
    clearInterval(timer);
    for (const part of [garbage, namespaces, expiry, compaction]) part.cancel();
  };
}

/** Whether an object went, or is to go, or has other owners than before. */
function concernsOthers({ before, after }: Change): boolean {
  const { deletionTimestamp, ownerReferences } = after?.object.metadata ?? {};
  const ownersBefore = before?.object.metadata.ownerReferences;
  return (
    after === undefined ||
    deletionTimestamp !== undefined ||
    !isDeepStrictEqual(ownerReferences, ownersBefore)
  );
}

/** Deletes all that is in namespaces that are being deleted, and removes those in which nothing is left. */
function emptyNamespaces(kinds: readonly Kind[], store: Store, resources: Resources): void {
  const going = [...store.all(NAMESPACE.id)].map(({ object }) => object.metadata);
  forEachAnyway(
    going.filter(({ deletionTimestamp }) => deletionTimestamp !== undefined),
    ({ name: namespace, finalizers }) => {
      const isInside = ({ object }: Entry): boolean => object.metadata.namespace === namespace;
      const targets = kinds.flatMap(kind => {
        const inside = [...store.all(kind.id)].filter(isInside);
        return inside.map(({ object }) => ({ kind, namespace, name: object.metadata.name }));
      });
      const deleted = targets.map(target => resources.delete(target, IN_BACKGROUND));
      if (deleted.every(({ isGone }) => isGone) && finalizers === undefined)
        store.remove(NAMESPACE.id, storeKey(undefined, namespace));
    },
  );
}

const IN_BACKGROUND = { dryRun: false, propagationPolicy: 'Background', preconditions: {} } as const;

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
