import { Dependents } from './dependents.ts';
import { expireEvents } from './event-expiry.ts';
import { GarbageCollector } from './garbage-collection.ts';
import type { Kind } from './kinds.ts';
import { NamespaceDeletion } from './namespace-deletion.ts';
import type { Resources } from './resources.ts';
import type { Store } from './store.ts';
import type { WatchHub } from './watch.ts';
import { WorkQueue } from './work-queue.ts';

const MINUTE = 60_000;

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
  const namespaces = new NamespaceDeletion(kinds, store, resources);
  const expiry = new WorkQueue(() => expireEvents(store, now()));
  const compaction = new WorkQueue(() => store.compact());
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
