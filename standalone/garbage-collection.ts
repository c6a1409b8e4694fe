import type { OwnerReference } from '../crds/meta.ts';
import type { Kind } from './kinds.ts';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from './metadata.ts';
import type { ApiObject, Metadata } from './object.ts';
import { INTERNAL_WRITE, type Resources, type Target } from './resources.ts';
import type { Change, Store } from './store.ts';
import { WorkQueue } from './work-queue.ts';

/** An object and its kind. */
interface Located {
  kind: Kind;
  object: ApiObject;
}

const targetOf = ({ kind, object }: Located): Target => ({
  kind,
  namespace: object.metadata.namespace,
  name: object.metadata.name,
});

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
  readonly #kinds: readonly Kind[];
  readonly #resources: Resources;
  readonly #byUid = new Map<string, Located>();
  /** The dependents of each owner, by the uids of both. */
  readonly #dependents = new Map<string, Map<string, Located>>();
  readonly #queue = new WorkQueue(uid => this.#collect(uid));

  constructor(kinds: readonly Kind[], store: Store, resources: Resources) {
    this.#kinds = kinds;
    this.#resources = resources;
    for (const kind of kinds) for (const { object } of store.list(kind.id)) this.#learn({ kind, object });
    for (const uid of this.#byUid.keys()) this.#queue.add(uid);
    store.onChange(change => this.#notice(change));
  }

  close(): void {
    this.#queue.close();
  }

  #notice({ kind: id, before, after }: Change): void {
    const kind = this.#kinds.find(one => one.id === id)!;
    if (before !== undefined) this.#forget(before.object);
    if (after !== undefined) this.#learn({ kind, object: after.object });
    const { uid, ownerReferences = [] } = (after ?? before)!.object.metadata;
    if (after !== undefined) return this.#queue.add(uid);
    for (const other of [...this.#dependentsOf(uid).keys(), ...ownerReferences.map(owner => owner.uid)])
      this.#queue.add(other);
  }

  #learn(located: Located): void {
    const { uid, ownerReferences = [] } = located.object.metadata;
    this.#byUid.set(uid, located);
    for (const owner of ownerReferences) {
      const dependents = this.#dependents.get(owner.uid) ?? new Map<string, Located>();
      this.#dependents.set(owner.uid, dependents.set(uid, located));
    }
  }

  #forget({ metadata: { uid, ownerReferences = [] } }: ApiObject): void {
    this.#byUid.delete(uid);
    for (const owner of ownerReferences) {
      const dependents = this.#dependents.get(owner.uid);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#dependents.delete(owner.uid);
    }
  }

  #dependentsOf(uid: string): ReadonlyMap<string, Located> {
    return this.#dependents.get(uid) ?? new Map<string, Located>();
  }

  #collect(uid: string): void {
    const located = this.#byUid.get(uid);
    if (located === undefined) return;
    const { deletionTimestamp, finalizers = [] } = located.object.metadata;
    if (deletionTimestamp === undefined) return this.#checkOwners(located);
    if (finalizers.includes(ORPHAN_FINALIZER)) return this.#orphanDependents(located);
    if (finalizers.includes(FOREGROUND_FINALIZER)) return this.#deleteDependents(located);
  }

  #checkOwners(located: Located): void {
    const { uid, ownerReferences = [] } = located.object.metadata;
    const states = ownerReferences.map(reference => this.#judge(located.object, reference));
    const solid = ownerReferences.filter((_, i) => states[i] === 'solid');
    if (solid.length === ownerReferences.length) return;
    if (solid.length > 0) return this.#change(located, { ownerReferences: solid });
    const isAwaited = states.includes('waiting') && this.#dependentsOf(uid).size > 0;
    this.#resources.delete(targetOf(located), {
      dryRun: false,
      propagationPolicy: isAwaited ? 'Foreground' : undefined,
      preconditions: { uid },
    });
  }

  /** Whether an owner keeps its dependent alive, is being deleted and waits for it to go first, or is gone. */
  #judge(dependent: ApiObject, { apiVersion, kind, uid }: OwnerReference): 'solid' | 'waiting' | 'absent' {
    const group = apiVersion.includes('/') ? apiVersion.split('/')[0]! : '';
    if (!this.#kinds.some(one => one.kind === kind && one.group === group)) return 'solid';
    const owner = this.#byUid.get(uid);
    if (owner === undefined || owner.kind.kind !== kind) return 'absent';
    const { namespace, deletionTimestamp, finalizers = [] } = owner.object.metadata;
    if (namespace !== undefined && namespace !== dependent.metadata.namespace) return 'absent';
    const isWaiting = deletionTimestamp !== undefined && finalizers.includes(FOREGROUND_FINALIZER);
    return isWaiting ? 'waiting' : 'solid';
  }

  #orphanDependents(owner: Located): void {
    const { uid } = owner.object.metadata;
    for (const dependent of this.#dependentsOf(uid).values()) {
      const references = dependent.object.metadata.ownerReferences!;
      this.#change(dependent, { ownerReferences: references.filter(reference => reference.uid !== uid) });
    }
    this.#removeFinalizer(owner, ORPHAN_FINALIZER);
  }

  #deleteDependents(owner: Located): void {
    const { uid } = owner.object.metadata;
    const dependents = this.#dependentsOf(uid);
    const isBlocked = [...dependents.values()].some(({ object }) =>
      object.metadata.ownerReferences!.some(one => one.uid === uid && one.blockOwnerDeletion === true),
    );
    if (!isBlocked) this.#removeFinalizer(owner, FOREGROUND_FINALIZER);
    for (const dependent of dependents.keys()) this.#queue.add(dependent);
  }

  #removeFinalizer(located: Located, finalizer: string): void {
    const { finalizers = [] } = located.object.metadata;
    this.#change(located, { finalizers: finalizers.filter(name => name !== finalizer) });
  }

  #change(located: Located, fields: Partial<Metadata>): void {
    const metadata = { ...located.object.metadata, ...fields };
    this.#resources.patch(targetOf(located), object => ({ ...object, metadata }), INTERNAL_WRITE, undefined);
  }
}
