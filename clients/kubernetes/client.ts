import type { KubernetesObject, ObjectKey } from '../../crds/meta.ts';
import type { ResourceKind } from './kinds.ts';

/** What every call takes besides its subject. */
export interface CallOptions {
  signal?: AbortSignal;
}

/** Narrows a list or a watch. No namespace means all of them. */
export interface Selection {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

/** A list, with the version to watch from. */
export interface ObjectList<T> {
  items: T[];
  resourceVersion: string;
}

/** One line of a watch; an ERROR line is thrown as a KubernetesError instead. */
export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: T;
}

/** An RFC 7386 merge patch; a resourceVersion or uid under `metadata` is a precondition. */
export type MergePatch = Record<string, unknown>;

/** What the operator asks of a Kubernetes API. Every failure is a KubernetesError (errors.ts). */
export interface KubernetesClient {
  get<T extends KubernetesObject>(kind: ResourceKind<T>, key: ObjectKey, options?: CallOptions): Promise<T>;
  /** Follows `continue` tokens, 500 objects a page. */
  list<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    selection?: Selection,
    options?: CallOptions,
  ): Promise<ObjectList<T>>;
  /** The object's own metadata.namespace says where. */
  create<T extends KubernetesObject>(kind: ResourceKind<T>, object: T, options?: CallOptions): Promise<T>;
  /** PUT; the object's metadata.resourceVersion is the precondition. */
  replace<T extends KubernetesObject>(kind: ResourceKind<T>, object: T, options?: CallOptions): Promise<T>;
  patch<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    key: ObjectKey,
    patch: MergePatch,
    options?: CallOptions & { subresource?: 'status' },
  ): Promise<T>;
  /** Resolves when the API accepted the deletion, or said that there is nothing to delete. */
  delete<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    key: ObjectKey,
    options?: CallOptions & { uid?: string; propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' },
  ): Promise<void>;
  /** One watch request, until the server ends it or the signal aborts. Asks for bookmarks. */
  watch<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    selection: Selection & { resourceVersion: string; timeoutSeconds: number },
    options?: CallOptions,
  ): AsyncIterable<WatchEvent<T>>;
}

/** A synced, indexed, read-only view of the objects of one kind. Objects are frozen. */
export interface Reader<T extends KubernetesObject> {
  get(key: ObjectKey): T | undefined;
  list(): readonly T[];
  /** The objects that the index of that name files under `value`. Throws on an unknown index. */
  byIndex(index: string, value: string): readonly T[];
}

/** A change of one object as a cache saw it. A delete and re-create in a gap is two changes. */
export interface Change<T> {
  type: 'added' | 'updated' | 'deleted' | 'resynced';
  object: T;
  /** The object before; only with `updated`. */
  before?: T;
  /** It was in the first list, so it is no news. */
  initial: boolean;
}

/** A Reader that keeps itself up to date by list and watch, and reports every change. */
export interface Informer<T extends KubernetesObject> extends Reader<T> {
  readonly kind: ResourceKind<T>;
  /** Must be called before `start`. */
  addIndex(name: string, valuesOf: (object: T) => readonly string[]): void;
  /** Handlers run in order of arrival; one that throws is reported to `onError` and stops nothing. */
  onChange(handler: (change: Change<T>) => void): void;
  /** Begins to list and watch until the signal aborts. */
  start(signal: AbortSignal): void;
  /** Resolves once the first list is in the cache. */
  synced(signal?: AbortSignal): Promise<void>;
  hasSynced(): boolean;
  /**
   * Resolves once the cache holds that version of the object or a newer one, or its deletion; or after
   * `timeoutMs` at the latest (resolves too: the caller goes on with what is there).
   */
  caughtUp(key: ObjectKey, resourceVersion: string, timeoutMs: number): Promise<void>;
}
