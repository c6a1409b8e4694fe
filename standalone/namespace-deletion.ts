import { NAMESPACE } from './built-in-kinds.ts';
import { targetOf, type Located } from './dependents.ts';
import type { Kind } from './kinds.ts';
import type { Resources } from './resources.ts';
import { slices } from './slices.ts';
import { storeKey, type Change, type Store } from './store.ts';
import { WorkQueue, type Steps } from './work-queue.ts';

/** Empties namespaces that are being deleted, and removes them once nothing is left in them. */
export function deleteNamespaces(kinds: readonly Kind[], store: Store, resources: Resources): WorkQueue {
  const contents = new Contents(kinds, store);
  const queue = new WorkQueue(store, name => emptyNamespace(name, contents, store, resources));
  store.onChange(change => {
    contents.apply(change);
    const { name, namespace } = (change.after ?? change.before)!.object.metadata;
    if (change.kind === NAMESPACE.id) queue.add(name);
    else if (namespace !== undefined && contents.isEmpty(namespace)) queue.add(namespace);
  });
  for (const { object } of store.all(NAMESPACE.id)) queue.add(object.metadata.name);
  return queue;
}

const BACKGROUND = { dryRun: false, propagationPolicy: 'Background', preconditions: {} } as const;

/** Nothing can be created in it any more, so one time through is enough. */
function* emptyNamespace(name: string, contents: Contents, store: Store, resources: Resources): Steps {
  const key = storeKey(undefined, name);
  const find = () => store.get(NAMESPACE.id, key)?.object.metadata;
  if (find()?.deletionTimestamp === undefined) return;
  // What goes meanwhile is passed over.
  for (const objects of slices(contents.of(name))) {
    resources.deleteAll(objects.map(targetOf), BACKGROUND);
    yield;
  }
  if (contents.isEmpty(name) && find()?.finalizers === undefined) store.remove(NAMESPACE.id, key);
}

/** What is in which namespace, kept up to date with the store. */
class Contents {
  readonly #kinds: ReadonlyMap<string, Kind>;
  /** By namespace, then by uid. */
  readonly #objects = new Map<string, Map<string, Located>>();

  constructor(kinds: readonly Kind[], store: Store) {
    this.#kinds = new Map(kinds.filter(kind => kind.namespaced).map(kind => [kind.id, kind]));
    for (const kind of this.#kinds.values())
      for (const { object } of store.all(kind.id)) this.#add({ kind, object });
  }

  /** Takes a change in. */
  apply({ kind: id, before, after }: Change): void {
    const kind = this.#kinds.get(id);
    if (kind === undefined) return;
    if (after !== undefined) this.#add({ kind, object: after.object });
    else if (before !== undefined) this.#remove(before.object.metadata);
  }

  isEmpty(namespace: string): boolean {
    return !this.#objects.has(namespace);
  }

  /** While it is gone through, what changes is as it is then, and what goes is passed over. */
  of(namespace: string): Iterable<Located> {
    return this.#objects.get(namespace)?.values() ?? [];
  }

  #add(located: Located): void {
    const { namespace, uid } = located.object.metadata;
    const objects = this.#objects.get(namespace!) ?? new Map<string, Located>();
    this.#objects.set(namespace!, objects.set(uid, located));
  }

  #remove({ namespace, uid }: Located['object']['metadata']): void {
    const objects = this.#objects.get(namespace!);
    objects?.delete(uid);
    if (objects?.size === 0) this.#objects.delete(namespace!);
  }
}
