import { keyOf, type KubernetesObject, type ObjectKey } from '../../crds/meta.ts';
import type { Change, ObjectList, WatchEvent } from './client.ts';
import type { ObjectStore } from './object-store.ts';
import { compareVersions } from './resource-version.ts';

/** Turns lists and watch events into the changes that they mean, and keeps the store equal to the server. */
export interface ObjectCache<T extends KubernetesObject> {
  /** How far the server's history is known: where to watch from. Undefined before the first list. */
  version(): string | undefined;
  /** Takes a list as the whole truth: what it lacks was deleted unseen. */
  replace(list: ObjectList<T>): void;
  /** Takes one watch event, unless it tells of something older than what is known. */
  apply(event: WatchEvent<T>): void;
}

/** `emit` gets the changes of one list or event at once, when the store already holds what they led to. */
export function createObjectCache<T extends KubernetesObject>(
  store: ObjectStore<T>,
  emit: (changes: Change<T>[]) => void,
): ObjectCache<T> {
  let version: string | undefined;
  return {
    version: () => version,
    replace(list) {
      const initial = version === undefined;
      const changes = [
        ...goneFrom(store, list.items),
        ...list.items.flatMap(object => arrival(store.get(keyOf(object)), object, initial)),
      ];
      commit(store, changes);
      version = list.resourceVersion;
      emit(changes);
    },
    apply({ type, object }) {
      const seen = object.metadata.resourceVersion!;
      const stale = isStale(type, object, store.get(keyOf(object)), version);
      if (version === undefined || !isOlder(seen, version)) version = seen;
      const changes = type === 'BOOKMARK' || stale ? [] : changesOf(type, object, store);
      commit(store, changes);
      emit(changes);
    },
  };
}

/**
 * Whether an event tells of the past. A watch delivers in order of version, so a repeated or late event is
 * older than what is known:
 *
 *   cached object        event                 stale when
 *   same uid             ADDED, MODIFIED       not newer than the cached object
 *   same uid             DELETED               older than the cached object
 *   other uid, or none   ADDED, MODIFIED       older than anything seen (it would bring back the dead)
 *   other uid, or none   DELETED               always (that object is gone from here already)
 */
function isStale<T extends KubernetesObject>(
  type: WatchEvent<T>['type'],
  object: T,
  cached: T | undefined,
  version: string | undefined,
): boolean {
  const { uid, resourceVersion } = object.metadata;
  if (cached === undefined || cached.metadata.uid !== uid) {
    return type === 'DELETED' || (version !== undefined && isOlder(resourceVersion!, version));
  }
  const order = compareVersions(resourceVersion!, cached.metadata.resourceVersion!);
  return order !== undefined && (type === 'DELETED' ? order < 0 : order <= 0);
}

const isOlder = (a: string, b: string): boolean => (compareVersions(a, b) ?? 0) < 0;

function changesOf<T extends KubernetesObject>(
  type: 'ADDED' | 'MODIFIED' | 'DELETED',
  object: T,
  store: ObjectStore<T>,
): Change<T>[] {
  if (type === 'DELETED') return [{ type: 'deleted', object, initial: false }];
  return arrival(store.get(keyOf(object)), object, false);
}

/** What it means that `object` is there now. Another uid under the same name is another object. */
function arrival<T extends KubernetesObject>(
  before: T | undefined,
  object: T,
  initial: boolean,
): Change<T>[] {
  if (before === undefined) return [{ type: 'added', object, initial }];
  if (before.metadata.uid !== object.metadata.uid) {
    return [
      { type: 'deleted', object: before, initial },
      { type: 'added', object, initial },
    ];
  }
  const isSame = before.metadata.resourceVersion === object.metadata.resourceVersion;
  return isSame ? [] : [{ type: 'updated', object, before, initial }];
}

function goneFrom<T extends KubernetesObject>(store: ObjectStore<T>, items: readonly T[]): Change<T>[] {
  const listed = new Set<ObjectKey>(items.map(keyOf));
  return store
    .list()
    .filter(object => !listed.has(keyOf(object)))
    .map(object => ({ type: 'deleted', object, initial: false }));
}

function commit<T extends KubernetesObject>(store: ObjectStore<T>, changes: readonly Change<T>[]): void {
  for (const { type, object } of changes) {
    if (type === 'deleted') store.remove(keyOf(object));
    else store.put(object);
  }
}
