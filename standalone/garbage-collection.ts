import type { OwnerReference } from '../crds/meta.ts';
import type { PropagationPolicy } from './transitions.ts';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from './metadata.ts';
import { targetOf, type Dependents, type Located } from './dependents.ts';
import type { ApiObject, Metadata } from './object.ts';
import { INTERNAL_WRITE, type Resources } from './resources.ts';
import type { Change, Store } from './store.ts';
import { WorkQueue } from './work-queue.ts';

/** The owners of an object, by what they mean for it. */
interface Owners {
  /** They keep it alive. */
  solid: OwnerReference[];
  /** They are being deleted and wait for it to go first. */
  waiting: OwnerReference[];
  /** They are gone. */
  absent: OwnerReference[];
}

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
    for (const { object } of dependents.all()) this.#queue.add(object.metadata.uid);
  }

  close(): void {
    this.#queue.close();
  }

  #notice({ before, after }: Change): void {
    const { metadata } = (after ?? before)!.object;
    if (after !== undefined) return this.#queue.add(metadata.uid);
    for (const { object } of this.#dependents.of(metadata.uid)) this.#queue.add(object.metadata.uid);
    for (const owner of metadata.ownerReferences ?? []) this.#queue.add(owner.uid);
  }

  #collect(uid: string): void {
    const located = this.#dependents.get(uid);
    if (located === undefined) return;
    const { metadata } = located.object;
    if (metadata.deletionTimestamp === undefined) return this.#checkOwners(located);
    if (metadata.finalizers?.includes(ORPHAN_FINALIZER)) return this.#orphanDependents(located);
    if (metadata.finalizers?.includes(FOREGROUND_FINALIZER)) this.#deleteDependents(located);
  }

  #checkOwners(located: Located): void {
    const references = located.object.metadata.ownerReferences ?? [];
    if (references.length === 0) return;
    const { solid, waiting } = this.#judge(located.object, references);
    if (solid.length === references.length) return;
    if (solid.length > 0) return this.#change(located, () => ({ ownerReferences: solid }));
    this.#resources.delete(targetOf(located), {
      dryRun: false,
      propagationPolicy: this.#policyFor(located.object, waiting.length > 0),
      preconditions: { uid: located.object.metadata.uid },
    });
  }

  #judge(object: ApiObject, references: OwnerReference[]): Owners {
    const owners: Owners = { solid: [], waiting: [], absent: [] };
    for (const reference of references) {
      const owner = this.#dependents.ownerOf(object, reference);
      if (owner === 'absent') owners.absent.push(reference);
      else if (owner !== 'unknown' && isWaitingForDependents(owner.object)) owners.waiting.push(reference);
      else owners.solid.push(reference);
    }
    return owners;
  }

  /** Undefined lets the object's own finalizers decide. */
  #policyFor(object: ApiObject, isOwnerWaiting: boolean): PropagationPolicy | undefined {
    const { uid } = object.metadata;
    return isOwnerWaiting && this.#dependents.of(uid).length > 0 ? 'Foreground' : undefined;
  }

  #orphanDependents(owner: Located): void {
    const { uid } = owner.object.metadata;
    for (const dependent of this.#dependents.of(uid)) {
      this.#change(dependent, ({ ownerReferences = [] }) => ({
        ownerReferences: ownerReferences.filter(reference => reference.uid !== uid),
      }));
    }
    this.#removeFinalizer(owner, ORPHAN_FINALIZER);
  }

  #deleteDependents(owner: Located): void {
    const { uid } = owner.object.metadata;
    const dependents = this.#dependents.of(uid);
    const isBlocking = ({ object }: Located): boolean =>
      object.metadata.ownerReferences!.some(one => one.uid === uid && one.blockOwnerDeletion === true);
    if (!dependents.some(isBlocking)) this.#removeFinalizer(owner, FOREGROUND_FINALIZER);
    for (const { object } of dependents) this.#queue.add(object.metadata.uid);
  }

  #removeFinalizer(located: Located, finalizer: string): void {
    this.#change(located, ({ finalizers = [] }) => ({
      finalizers: finalizers.filter(name => name !== finalizer),
    }));
  }

  #change(located: Located, fields: (metadata: Metadata) => Partial<Metadata>): void {
    const apply = (object: ApiObject): unknown => ({
      ...object,
      metadata: { ...object.metadata, ...fields(object.metadata) },
    });
    this.#resources.patch(targetOf(located), apply, INTERNAL_WRITE, undefined);
  }
}

const isWaitingForDependents = ({ metadata }: ApiObject): boolean =>
  metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(FOREGROUND_FINALIZER);
