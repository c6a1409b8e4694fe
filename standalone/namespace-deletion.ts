import { NAMESPACE } from './built-in-kinds.ts';
import type { Kind } from './kinds.ts';
import type { Resources } from './resources.ts';
import { storeKey, type Change, type Store } from './store.ts';
import { WorkQueue } from './work-queue.ts';

/** Empties namespaces that are being deleted, and removes them once nothing is left in them. */
export class NamespaceDeletion {
  readonly #kinds: readonly Kind[];
  readonly #store: Store;
  readonly #resources: Resources;
  readonly #queue = new WorkQueue(name => this.#empty(name));

  constructor(kinds: readonly Kind[], store: Store, resources: Resources) {
    this.#kinds = kinds.filter(kind => kind.namespaced);
    this.#store = store;
    this.#resources = resources;
    store.onChange(change => this.#notice(change));
    for (const { object } of store.list(NAMESPACE.id)) this.#queue.add(object.metadata.name);
  }

  close(): void {
    this.#queue.close();
  }

  #notice({ kind, before, after }: Change): void {
    const { name, namespace } = (after ?? before)!.object.metadata;
    if (kind === NAMESPACE.id) this.#queue.add(name);
    else if (after === undefined && namespace !== undefined) this.#queue.add(namespace);
  }

  #empty(name: string): void {
    const key = storeKey(undefined, name);
    const namespace = this.#store.get(NAMESPACE.id, key)?.object;
    if (namespace?.metadata.deletionTimestamp === undefined) return;
    for (const kind of this.#kinds) this.#deleteAll(kind, name);
    const isEmpty = this.#kinds.every(kind => this.#names(kind, name).length === 0);
    if (isEmpty && namespace.metadata.finalizers === undefined) this.#store.remove(NAMESPACE.id, key);
  }

  #deleteAll(kind: Kind, namespace: string): void {
    const options = { dryRun: false, propagationPolicy: 'Background', preconditions: {} } as const;
    for (const name of this.#names(kind, namespace)) {
      this.#resources.delete({ kind, namespace, name }, options);
    }
  }

  #names(kind: Kind, namespace: string): string[] {
    return this.#store
      .list(kind.id)
      .filter(({ object }) => object.metadata.namespace === namespace)
      .map(({ object }) => object.metadata.name);
  }
}
