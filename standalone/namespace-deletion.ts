import { NAMESPACE } from './built-in-kinds.ts';
import type { Kind } from './kinds.ts';
import type { Resources } from './resources.ts';
import { storeKey, type Store } from './store.ts';
import { WorkQueue } from './work-queue.ts';

/** Empties namespaces that are being deleted, and removes them once nothing is left in them. */
export function deleteNamespaces(kinds: readonly Kind[], store: Store, resources: Resources): WorkQueue {
  const namespaced = kinds.filter(kind => kind.namespaced);
  const queue = new WorkQueue(name => emptyNamespace(name, namespaced, store, resources));
  store.onChange(({ kind, before, after }) => {
    const { name, namespace } = (after ?? before)!.object.metadata;
    if (kind === NAMESPACE.id) queue.add(name);
    else if (after === undefined && namespace !== undefined) queue.add(namespace);
  });
  for (const { object } of store.list(NAMESPACE.id)) queue.add(object.metadata.name);
  return queue;
}

const BACKGROUND = { dryRun: false, propagationPolicy: 'Background', preconditions: {} } as const;

function emptyNamespace(namespace: string, kinds: Kind[], store: Store, resources: Resources): void {
  const key = storeKey(undefined, namespace);
  const metadata = store.get(NAMESPACE.id, key)?.object.metadata;
  if (metadata?.deletionTimestamp === undefined) return;
  const deleted = kinds.flatMap(kind =>
    store
      .list(kind.id)
      .filter(({ object }) => object.metadata.namespace === namespace)
      .map(({ object: { metadata } }) =>
        resources.delete({ kind, namespace, name: metadata.name }, BACKGROUND),
      ),
  );
  if (deleted.every(({ isGone }) => isGone) && metadata.finalizers === undefined) {
    store.remove(NAMESPACE.id, key);
  }
}
