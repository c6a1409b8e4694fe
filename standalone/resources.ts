import { randomInt, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { toKubernetesTime } from '../crds/conditions.ts';
import { alreadyExists, badRequest, forbidden, invalid, invalidValue, notFound } from './api-error.ts';
import {
  asPatch,
  checkFinalizers,
  checkNames,
  checkNamespace,
  checkPreconditions,
  checkUnchangedUid,
  checkVersion,
  reportOddFields,
} from './checks.ts';
import type { Codec, Decoded } from './codec.ts';
import { NAMESPACE } from './built-in-kinds.ts';
import type { Kind } from './kinds.ts';
import { missingName } from './metadata.ts';
import type { ApiObject, Metadata } from './object.ts';
import { storeKey, withVersion, type Store } from './store.ts';
import {
  carryOver,
  defined,
  isReleased,
  markDeleted,
  withGeneration,
  type DeleteOptions,
  type Subresource,
} from './transitions.ts';

/** How a write is to be done. */
export interface WriteOptions {
  /** Do everything but store it. */
  dryRun: boolean;
  /** What becomes of fields that the schema does not know. */
  fieldValidation: 'Strict' | 'Warn' | 'Ignore';
  /** What is said twice in the body; treated like unknown fields. */
  duplicates: readonly string[];
  /** Takes the text of a Warning header. */
  warn: (text: string) => void;
}

/** How the server itself writes. */
export const INTERNAL_WRITE: WriteOptions = {
  dryRun: false,
  fieldValidation: 'Ignore',
  duplicates: [],
  warn: () => undefined,
};

/** Which object is meant. `namespace` is undefined for a cluster-scoped kind. */
export interface Target {
  kind: Kind;
  namespace: string | undefined;
  name: string;
}

const NAME_SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** The verbs of the API over the store: what may be written, and what a write turns into. */
export class Resources {
  readonly #store: Store;
  readonly #codecs: ReadonlyMap<Kind, Codec>;
  readonly #now: () => number;

  constructor(store: Store, codecs: ReadonlyMap<Kind, Codec>, now: () => number) {
    this.#store = store;
    this.#codecs = codecs;
    this.#now = now;
  }

  /** Throws 404. */
  get({ kind, namespace, name }: Target): ApiObject {
    const entry = this.#store.get(kind.id, storeKey(namespace, name));
    if (entry === undefined) throw notFound(kind, name);
    return entry.object;
  }

  /** POST. */
  create(kind: Kind, namespace: string | undefined, body: unknown, options: WriteOptions): ApiObject {
    const decoded = this.#codec(kind).decode(body);
    reportOddFields(kind, decoded, options);
    const { object } = decoded;
    checkNamespace(object.metadata, namespace);
    const name = nameOf(kind, object.metadata);
    if ((object.metadata.resourceVersion ?? '0') !== '0') {
      throw badRequest('resourceVersion should not be set on objects to be created');
    }
    this.#requireNamespace(kind, namespace, name);
    const created = this.#codec(kind).complete(this.#asNew({ kind, namespace, name }, object));
    this.#codec(kind).validate(created, undefined);
    const key = storeKey(namespace, name);
    if (this.#store.get(kind.id, key) !== undefined) throw alreadyExists(kind, name);
    return options.dryRun ? created : this.#store.put(kind.id, key, created).object;
  }

  /** PUT. `created` says that there was nothing before. */
  replace(
    target: Target,
    body: unknown,
    options: WriteOptions,
    subresource: Subresource,
  ): { object: ApiObject; created: boolean } {
    const { kind, namespace, name } = target;
    const decoded = this.#codec(kind).decode(body);
    checkNames(decoded.object.metadata, target);
    const isThere = this.#store.get(kind.id, storeKey(namespace, name)) !== undefined;
    if (!isThere && kind.createsOnUpdate) {
      // A version is no precondition here: a real server creates it all the same.
      const { resourceVersion: _gone, ...metadata } = decoded.object.metadata;
      const object = this.create(kind, namespace, { ...decoded.object, metadata }, options);
      return { object, created: true };
    }
    const current = this.get(target);
    reportOddFields(kind, decoded, options);
    if (decoded.object.metadata.resourceVersion === undefined && !kind.updatesUnconditionally) {
      const cause = invalidValue('metadata.resourceVersion', 0, 'must be specified for an update');
      throw invalid(kind, name, [cause]);
    }
    return { object: this.#update(target, current, decoded, options, subresource), created: false };
  }

  /** PATCH: `apply` gets the object as it is and returns what it should be. */
  patch(
    target: Target,
    apply: (current: ApiObject) => unknown,
    options: WriteOptions,
    subresource: Subresource,
  ): ApiObject {
    const current = this.get(target);
    const patched = apply(current);
    const decoded = asPatch(() => {
      const result = this.#codec(target.kind).decode(patched);
      reportOddFields(target.kind, result, options);
      return result;
    });
    checkNames(decoded.object.metadata, target);
    checkUnchangedUid(target, current, decoded.object.metadata);
    return asPatch(() => this.#update(target, current, decoded, options, subresource));
  }

  /** DELETE. Returns the object when it stays until its finalizers are gone, else undefined. */
  delete(target: Target, options: DeleteOptions): { object: ApiObject; isGone: boolean } {
    const { kind, namespace, name } = target;
    const current = this.get(target);
    checkPreconditions(target, current, options);
    if (kind === NAMESPACE && PERMANENT_NAMESPACES.includes(name)) {
      throw forbidden(kind, name, 'this namespace may not be deleted');
    }
    const marked = markDeleted(kind, current, options.propagationPolicy, this.#time());
    const key = storeKey(namespace, name);
    if (marked === 'remove') {
      if (!options.dryRun) this.#store.remove(kind.id, key);
      return { object: current, isGone: true };
    }
    if (options.dryRun || marked === current) return { object: marked, isGone: false };
    return { object: this.#store.put(kind.id, key, marked).object, isGone: false };
  }

  #codec(kind: Kind): Codec {
    return this.#codecs.get(kind)!;
  }

  #time(): string {
    return toKubernetesTime(new Date(this.#now()));
  }

  #requireNamespace(kind: Kind, namespace: string | undefined, name: string): void {
    if (namespace === undefined) return;
    const entry = this.#store.get(NAMESPACE.id, storeKey(undefined, namespace));
    if (entry === undefined) throw notFound(NAMESPACE, namespace);
    if (entry.object.metadata.deletionTimestamp === undefined) return;
    throw forbidden(
      kind,
      name,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
    );
  }

  #asNew({ kind, namespace, name }: Target, object: Decoded['object']): ApiObject {
    const { labels, annotations, finalizers, ownerReferences, generateName } = object.metadata;
    const metadata = defined({
      name,
      generateName,
      namespace,
      uid: randomUUID(),
      generation: kind.custom ? 1 : undefined,
      creationTimestamp: this.#time(),
      labels,
      annotations,
      finalizers,
      ownerReferences,
    });
    const { status: _setBySubresource, ...fields } = object;
    return { ...(kind.hasStatus ? fields : object), metadata: metadata as unknown as Metadata } as ApiObject;
  }

  #update(
    target: Target,
    current: ApiObject,
    decoded: Decoded,
    options: WriteOptions,
    subresource: Subresource,
  ): ApiObject {
    const { kind, namespace, name } = target;
    checkVersion(target, current, decoded.object.metadata);
    const merged = this.#codec(kind).complete(carryOver(kind, current, decoded.object, subresource));
    checkFinalizers(kind, current, merged);
    this.#codec(kind).validate(merged, current);
    const updated = withGeneration(kind, current, merged);
    if (isDeepStrictEqual(updated, current)) return current;
    if (options.dryRun) return updated;
    const key = storeKey(namespace, name);
    if (isReleased(kind, updated)) {
      this.#store.remove(kind.id, key);
      return withVersion(updated, this.#store.version);
    }
    return this.#store.put(kind.id, key, updated).object;
  }
}

/** Namespaces that always exist. */
export const PERMANENT_NAMESPACES: readonly string[] = ['default', 'kube-system'];

function nameOf(kind: Kind, { name, generateName }: Partial<Metadata>): string {
  if (name !== undefined) return name;
  if (generateName === undefined) throw invalid(kind, '', [missingName()]);
  const suffix = Array.from({ length: 5 }, () => NAME_SUFFIX_LETTERS[randomInt(NAME_SUFFIX_LETTERS.length)]);
  return generateName + suffix.join('');
}
