import { targetOf, type Dependents, type Located } from './dependents.ts';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from './metadata.ts';
import type { ApiObject, Metadata } from './object.ts';
import type { Resources } from './resources.ts';
import type { Change, Store } from './store.ts';
import { WorkQueue } from './work-queue.ts';

/**
 * Deletes objects whose owners are all gone, and carries out foreground and orphaning deletions, as the
 * garbage collector of the Kubernetes controller manager does:
 *
 *     owners                  | the dependent
 *     some solid              | forgets those that are absent or waiting
 *     none solid, one waiting | is deleted, in the foreground when it has dependents itself
 *     none solid nor waiting  | is deleted in the background, or as its own finalizers say
 */
export class GarbageCollector {
  readonly #dependents: Dependents;
  readonly #resources: Resources;
  readonly #queue = new WorkQueue(uid => this.#collect(uid));

  constructor(store: Store, dependents: Dependents, resources: Resources) {
    this.#dependents = dependents;
    this.#resources = resources;
    store.onChange(change => this.#notice(change));
    this.#add(dependents.all());
  }

  close(): void {
    this.#queue.close();
  }

  #add(located: Located[]): void {
    for (const { object } of located) this.#queue.add(object.metadata.uid);
  }

  #notice({ before, after }: Change): void {
    const { uid, ownerReferences = [] } = (after ?? before)!.object.metadata;
    if (after !== undefined) return this.#queue.add(uid);
    this.#add(this.#dependents.of(uid));
    for (const owner of ownerReferences) this.#queue.add(owner.uid);
  }

  #collect(uid: string): void {
    const located = this.#dependents.get(uid);
    if (located === undefined) return;
    const { deletionTimestamp, finalizers = [] } = located.object.metadata;
    if (deletionTimestamp === undefined) return this.#checkOwners(located);
    if (finalizers.includes(ORPHAN_FINALIZER)) return this.#orphanDependents(located);
    if (finalizers.includes(FOREGROUND_FINALIZER)) return this.#deleteDependents(located);
  }

  #checkOwners(located: Located): void {
    const { uid, ownerReferences = [] } = located.object.metadata;
    const states = ownerReferences.map(reference => this.#dependents.judge(located.object, reference));
    const solid = ownerReferences.filter((_, i) => states[i] === 'solid');
    if (solid.length === ownerReferences.length) return;
    if (solid.length > 0) return this.#change(located, { ownerReferences: solid });
    const isAwaited = states.includes('waiting') && this.#dependents.of(uid).length > 0;
    this.#resources.delete(targetOf(located), {
      dryRun: false,
      propagationPolicy: isAwaited ? 'Foreground' : undefined,
      preconditions: { uid },
    });
  }

  #orphanDependents(owner: Located): void {
    const { uid } = owner.object.metadata;
    for (const dependent of this.#dependents.of(uid)) {
      const references = dependent.object.metadata.ownerReferences!;
      this.#change(dependent, { ownerReferences: references.filter(reference => reference.uid !== uid) });
    }
    this.#removeFinalizer(owner, ORPHAN_FINALIZER);
  }

  #deleteDependents(owner: Located): void {
    const { uid } = owner.object.metadata;
    const dependents = this.#dependents.of(uid);
    const isBlocking = ({ object }: Located): boolean =>
      object.metadata.ownerReferences!.some(one => one.uid === uid && one.blockOwnerDeletion === true);
    if (!dependents.some(isBlocking)) this.#removeFinalizer(owner, FOREGROUND_FINALIZER);
    this.#add(dependents);
  }

  #removeFinalizer(located: Located, finalizer: string): void {
    const { finalizers = [] } = located.object.metadata;
    this.#change(located, { finalizers: finalizers.filter(name => name !== finalizer) });
  }

  #change(located: Located, fields: Partial<Metadata>): void {
    const metadata = { ...located.object.metadata, ...fields };
    const apply = (object: ApiObject | undefined): unknown => ({ ...object, metadata });
    this.#resources.update(targetOf(located), { apply, isPatch: true });
  }
}
