import { isWaiting, targetOf, type Dependents, type Located } from './dependents.ts';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from './metadata.ts';
import type { ApiObject, Metadata } from './object.ts';
import type { Resources } from './resources.ts';
import type { Change, Store } from './store.ts';
import { WorkQueue, type Steps } from './work-queue.ts';

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
  readonly #queue: WorkQueue;

  constructor(store: Store, dependents: Dependents, resources: Resources) {
    this.#dependents = dependents;
    this.#resources = resources;
    this.#queue = new WorkQueue(store, uid => this.#collect(uid));
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
    if (after !== undefined) this.#queue.add(uid);
    if (after === undefined || isWaiting(after.object)) this.#add(this.#dependents.of(uid));
    if (after !== undefined) return;
    for (const owner of ownerReferences) this.#queue.add(owner.uid);
  }

  *#collect(uid: string): Steps {
    const located = this.#dependents.get(uid);
    if (located === undefined) return;
    const { deletionTimestamp, finalizers = [] } = located.object.metadata;
    if (deletionTimestamp === undefined) return this.#checkOwners(located);
    if (finalizers.includes(ORPHAN_FINALIZER)) return yield* this.#orphanDependents(uid);
    if (isWaiting(located.object)) return this.#awaitDependents(located);
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

  *#orphanDependents(uid: string): Steps {
    for (const { object } of this.#dependents.of(uid)) {
      this.#forgetOwner(object.metadata.uid, uid);
      yield;
    }
    // Meanwhile others may have come, and it may have changed or gone.
    if (this.#dependents.of(uid).length > 0) return this.#queue.add(uid);
    const owner = this.#dependents.get(uid);
    if (owner !== undefined) this.#removeFinalizer(owner, ORPHAN_FINALIZER);
  }

  #forgetOwner(uid: string, owner: string): void {
    const dependent = this.#dependents.get(uid);
    if (dependent === undefined) return;
    const references = dependent.object.metadata.ownerReferences ?? [];
    this.#change(dependent, { ownerReferences: references.filter(reference => reference.uid !== owner) });
  }

  /** Each of them is deleted when its own owners are looked at. */
  #awaitDependents(owner: Located): void {
    const { uid } = owner.object.metadata;
    const isBlocking = ({ object }: Located): boolean =>
      object.metadata.ownerReferences!.some(one => one.uid === uid && one.blockOwnerDeletion === true);
    if (!this.#dependents.of(uid).some(isBlocking)) this.#removeFinalizer(owner, FOREGROUND_FINALIZER);
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
