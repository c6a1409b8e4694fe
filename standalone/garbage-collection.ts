import type { OwnerReference } from '../crds/meta.ts';
import { forEachAnyway } from './deferred.ts';
import type { Kind } from './kinds.ts';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from './metadata.ts';
import type { ApiObject, Metadata } from './object.ts';
import type { Resources, Target } from './resources.ts';
import { storeKey, type Store } from './store.ts';

/** An object and its kind. */
interface Located {
  kind: Kind;
  object: ApiObject;
}

/**
 * Deletes objects whose owners are all gone, and takes foreground and orphaning deletions a step further, as the
 * garbage collector of the Kubernetes controller manager does:
 *
 *     owners                  | the dependent
 *     some solid              | forgets those that are absent or waiting
 *     none solid, one waiting | is deleted, in the foreground when it has dependents itself
 *     none solid nor waiting  | is deleted in the background, or as its own finalizers say
 *
 * It looks at all objects and remembers nothing; every change of its own calls for it again.
 */
export function collectGarbage(kinds: readonly Kind[], store: Store, resources: Resources): void {
  const all = kinds.flatMap(kind => [...store.all(kind.id)].map(({ object }) => ({ kind, object })));
  const concerned = all.filter(
    ({ object: { metadata } }) => (metadata.ownerReferences ?? metadata.deletionTimestamp) !== undefined,
  );
  if (concerned.length === 0) return;
  const pass = new Pass(kinds, resources, all, concerned);
  forEachAnyway(concerned, ({ kind, object }) => {
    const { namespace, name } = object.metadata;
    // What has changed meanwhile is looked at again anyway.
    if (store.get(kind.id, storeKey(namespace, name))?.object === object) pass.collect({ kind, object });
  });
}

const targetOf = ({ kind, object: { metadata } }: Located): Target => ({
  kind,
  namespace: metadata.namespace,
  name: metadata.name,
});

/** One look at all objects. */
class Pass {
  readonly #kinds: readonly Kind[];
  readonly #resources: Resources;
  readonly #byUid: ReadonlyMap<string, Located>;
  readonly #byOwner: ReadonlyMap<string, { dependent: Located }[]>;

  constructor(kinds: readonly Kind[], resources: Resources, all: Located[], concerned: Located[]) {
    this.#kinds = kinds;
    this.#resources = resources;
    this.#byUid = new Map(all.map(located => [located.object.metadata.uid, located]));
    const ownerships = concerned.flatMap(dependent =>
      (dependent.object.metadata.ownerReferences ?? []).map(({ uid }) => ({ uid, dependent })),
    );
    this.#byOwner = Map.groupBy(ownerships, ({ uid }) => uid);
  }

  collect(located: Located): void {
    const { deletionTimestamp, finalizers = [] } = located.object.metadata;
    if (deletionTimestamp === undefined) this.#checkOwners(located);
    else if (finalizers.includes(ORPHAN_FINALIZER)) this.#orphanDependents(located);
    else if (finalizers.includes(FOREGROUND_FINALIZER)) this.#awaitDependents(located);
  }

  #dependentsOf({ object }: Located): Located[] {
    return (this.#byOwner.get(object.metadata.uid) ?? []).map(({ dependent }) => dependent);
  }

  #checkOwners(dependent: Located): void {
    const { uid, ownerReferences = [] } = dependent.object.metadata;
    const states = ownerReferences.map(reference => this.#judge(dependent, reference));
    const solid = ownerReferences.filter((_, i) => states[i] === 'solid');
    if (solid.length === ownerReferences.length) return;
    if (solid.length > 0) return this.#change(dependent, { ownerReferences: solid });
    const isAwaited = states.includes('waiting') && this.#dependentsOf(dependent).length > 0;
    this.#resources.delete(targetOf(dependent), {
      dryRun: false,
      propagationPolicy: isAwaited ? 'Foreground' : undefined,
      preconditions: { uid },
    });
  }

  /** Whether an owner keeps its dependent alive, is being deleted and waits for it to go first, or is gone. */
  #judge(dependent: Located, { apiVersion, kind, uid }: OwnerReference): 'solid' | 'waiting' | 'absent' {
    const group = apiVersion.includes('/') ? apiVersion.split('/')[0]! : '';
    if (!this.#kinds.some(one => one.kind === kind && one.group === group)) return 'solid';
    const owner = this.#byUid.get(uid);
    if (owner === undefined || owner.kind.kind !== kind) return 'absent';
    const { namespace, deletionTimestamp, finalizers = [] } = owner.object.metadata;
    if (namespace !== undefined && namespace !== dependent.object.metadata.namespace) return 'absent';
    const isWaiting = deletionTimestamp !== undefined && finalizers.includes(FOREGROUND_FINALIZER);
    return isWaiting ? 'waiting' : 'solid';
  }

  #orphanDependents(owner: Located): void {
    for (const dependent of this.#dependentsOf(owner)) {
      const references = dependent.object.metadata.ownerReferences!;
      const others = references.filter(({ uid }) => uid !== owner.object.metadata.uid);
      this.#change(dependent, { ownerReferences: others });
    }
    this.#release(owner, ORPHAN_FINALIZER);
  }

  #awaitDependents(owner: Located): void {
    const isBlocking = ({ uid, blockOwnerDeletion }: OwnerReference): boolean =>
      uid === owner.object.metadata.uid && blockOwnerDeletion === true;
    const isBlocked = this.#dependentsOf(owner).some(({ object }) =>
      object.metadata.ownerReferences!.some(isBlocking),
    );
    if (!isBlocked) this.#release(owner, FOREGROUND_FINALIZER);
  }

  #release(owner: Located, finalizer: string): void {
    const { finalizers = [] } = owner.object.metadata;
    this.#change(owner, { finalizers: finalizers.filter(name => name !== finalizer) });
  }

  /** A conflict with who changed it meanwhile is tried again with the rest. */
  #change(located: Located, fields: Partial<Metadata>): void {
    const metadata = { ...located.object.metadata, ...fields };
    const apply = (object: ApiObject | undefined): unknown => ({ ...object, metadata });
    this.#resources.update(targetOf(located), { apply, isPatch: true });
  }
}
