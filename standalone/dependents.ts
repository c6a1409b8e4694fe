import type { OwnerReference } from '../crds/meta.ts';
import type { Kind } from './kinds.ts';
import { FOREGROUND_FINALIZER } from './metadata.ts';
import type { ApiObject } from './object.ts';
import type { Change, Entry, Store } from './store.ts';
import type { Target } from './resources.ts';

/** An object and its kind. */
export interface Located {
  kind: Kind;
  object: ApiObject;
}

/** Where the object can be found. */
export const targetOf = ({ kind, object: { metadata } }: Located): Target => ({
  kind,
  namespace: metadata.namespace,
  name: metadata.name,
});

/** Whether it is being deleted and waits for its dependents to go first. */
export const isWaiting = ({ metadata: { deletionTimestamp, finalizers = [] } }: ApiObject): boolean =>
  deletionTimestamp !== undefined && finalizers.includes(FOREGROUND_FINALIZER);

/** Who owns whom, by uid, kept up to date with the store. */
export class Dependents {
  readonly #kinds: ReadonlyMap<string, Kind>;
  readonly #byUid = new Map<string, Located>();
  readonly #byOwner = new Map<string, Set<string>>();

  constructor(kinds: readonly Kind[], store: Store) {
    this.#kinds = new Map(kinds.map(kind => [kind.id, kind]));
    for (const kind of kinds) for (const entry of store.list(kind.id)) this.#add(kind, entry);
  }

  /** Takes a change in; to be called before anything else looks at it. */
  apply({ kind: id, before, after }: Change): void {
    const kind = this.#kinds.get(id);
    if (kind === undefined) return;
    if (before !== undefined) this.#remove(before);
    if (after !== undefined) this.#add(kind, after);
  }

  get(uid: string): Located | undefined {
    return this.#byUid.get(uid);
  }

  all(): Located[] {
    return [...this.#byUid.values()];
  }

  /** The objects that name that uid as an owner. */
  of(uid: string): Located[] {
    return [...(this.#byOwner.get(uid) ?? [])].map(dependent => this.#byUid.get(dependent)!);
  }

  /** Whether an owner keeps its dependent alive, is being deleted and waits for it to go first, or is gone. */
  judge(dependent: ApiObject, { apiVersion, kind, uid }: OwnerReference): 'solid' | 'waiting' | 'absent' {
    const group = apiVersion.includes('/') ? apiVersion.split('/')[0]! : '';
    const isServed = [...this.#kinds.values()].some(one => one.kind === kind && one.group === group);
    if (!isServed) return 'solid';
    const owner = this.#byUid.get(uid);
    if (owner === undefined || owner.kind.kind !== kind) return 'absent';
    const { namespace } = owner.object.metadata;
    if (namespace !== undefined && namespace !== dependent.metadata.namespace) return 'absent';
    return isWaiting(owner.object) ? 'waiting' : 'solid';
  }

  #add(kind: Kind, { object }: Entry): void {
    const { uid, ownerReferences = [] } = object.metadata;
    this.#byUid.set(uid, { kind, object });
    for (const owner of ownerReferences) {
      const dependents = this.#byOwner.get(owner.uid) ?? new Set();
      this.#byOwner.set(owner.uid, dependents.add(uid));
    }
  }

  #remove({ object }: Entry): void {
    const { uid, ownerReferences = [] } = object.metadata;
    this.#byUid.delete(uid);
    for (const owner of ownerReferences) {
      const dependents = this.#byOwner.get(owner.uid);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#byOwner.delete(owner.uid);
    }
  }
}
