import { randomInt, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { toKubernetesTime } from '../crds/conditions.ts';
import {
  alreadyExists,
  badRequest,
  forbidden,
  invalid,
  invalidValue,
  notFound,
  requiredValue,
} from './api-error.ts';
import * as check from './checks.ts';
import type { Codec, Decoded } from './codec.ts';
import { NAMESPACE } from './built-in-kinds.ts';
import type { Kind } from './kinds.ts';
import type { ApiObject, Metadata } from './object.ts';
import { storeKey, withVersion, type Store } from './store.ts';
import {
  carryOver,
  defined,
  isReleased,
  markDeleted,
  ownMetadata,
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
    const { object } = this.#decode(kind, body, options);
    check.checkNamespace(object.metadata, namespace);
    const name = nameOf(kind, object.metadata);
    if ((object.metadata.resourceVersion ?? '0') !== '0') {
      throw badRequest('resourceVersion should not be set on objects to be created');
    }
    this.#requireNamespace(kind, namespace, name);
    const created = kind.complete(this.#asNew({ kind, namespace, name }, object));
    this.#codec(kind).validate(created, undefined);
    const key = storeKey(namespace, name);
    if (this.#store.get(kind.id, key) !== undefined) throw alreadyExists(kind, name);
    return this.#put(kind, key, created, options);
  }

  /** PUT. `created` says that there was nothing before. */
  replace(
    target: Target,
    body: unknown,
    options: WriteOptions,
    subresource: Subresource,
  ): { object: ApiObject; created: boolean } {
    const { kind, namespace, name } = target;
    const { object: given } = this.#decode(kind, body, options);
    check.checkNames(given.metadata, target);
    const isThere = this.#store.get(kind.id, storeKey(namespace, name)) !== undefined;
    if (!isThere && kind.createsOnUpdate) {
      // A version is no precondition here: a real server creates it all the same.
      const { resourceVersion: _gone, ...metadata } = given.metadata;
      return {
        object: this.create(kind, namespace, { ...given, metadata }, { ...options, duplicates: [] }),
        created: true,
      };
    }
    const current = this.get(target);
    if (given.metadata.resourceVersion === undefined && !kind.updatesUnconditionally) {
      const cause = invalidValue('metadata.resourceVersion', 0, 'must be specified for an update');
      throw invalid(kind, name, [cause]);
    }
    return { object: this.#update(target, current, given, options, subresource), created: false };
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
    const { object: given } = check.asPatch(() => this.#decode(target.kind, patched, options));
    const { uid = current.metadata.uid } = given.metadata;
    check.checkNames(given.metadata, target);
    if (uid !== current.metadata.uid) {
      const cause = invalidValue('metadata.uid', uid, 'field is immutable');
      throw invalid(target.kind, target.name, [cause]);
    }
    return check.asPatch(() => this.#update(target, current, given, options, subresource));
  }

  /** DELETE. Unless it `isGone`, the object stays until its finalizers are removed. */
  delete(target: Target, options: DeleteOptions): { object: ApiObject; isGone: boolean } {
    const { kind, namespace, name } = target;
    const current = this.get(target);
    check.checkPreconditions(target, current, options.preconditions);
    if (kind === NAMESPACE && PERMANENT_NAMESPACES.includes(name)) {
      throw forbidden(kind, name, 'this namespace may not be deleted');
    }
    const marked = markDeleted(kind, current, options.propagationPolicy, this.#time());
    const key = storeKey(namespace, name);
    if (marked === 'remove') {
      if (!options.dryRun) this.#store.remove(kind.id, key);
      return { object: current, isGone: true };
    }
    const object = marked === current ? current : this.#put(kind, key, marked, options);
    return { object, isGone: false };
  }

  #codec(kind: Kind): Codec {
    return this.#codecs.get(kind)!;
  }

  #decode(kind: Kind, body: unknown, options: WriteOptions): Decoded {
    const decoded = this.#codec(kind).decode(body);
    check.reportOddFields(kind, decoded, options);
    return decoded;
  }

  #put(kind: Kind, key: string, object: ApiObject, { dryRun }: { dryRun: boolean }): ApiObject {
    return dryRun ? object : this.#store.put(kind.id, key, object).object;
  }

  #time(): string {
    return toKubernetesTime(new Date(this.#now()));
  }

  #requireNamespace(kind: Kind, namespace: string | undefined, name: string): void {
    if (namespace === undefined) return;
    const entry = this.#store.get(NAMESPACE.id, storeKey(undefined, namespace));
    if (entry === undefined) throw notFound(NAMESPACE, namespace);
    if (entry.object.metadata.deletionTimestamp === undefined) return;
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    throw forbidden(kind, name, why);
  }

  #asNew({ kind, namespace, name }: Target, object: Decoded['object']): ApiObject {
    const metadata = defined({
      name,
      generateName: object.metadata.generateName,
      namespace,
      uid: randomUUID(),
      generation: kind.custom ? 1 : undefined,
      creationTimestamp: this.#time(),
      ...ownMetadata(object),
    });
    const { status: _setBySubresource, ...fields } = object;
    return { ...(kind.hasStatus ? fields : object), metadata: metadata as unknown as Metadata } as ApiObject;
  }

  #update(
    target: Target,
    current: ApiObject,
    given: Decoded['object'],
    options: WriteOptions,
    subresource: Subresource,
  ): ApiObject {
    const { kind, namespace, name } = target;
    check.checkPreconditions(target, current, given.metadata);
    const merged = kind.complete(carryOver(kind, current, given, subresource));
    check.checkFinalizers(kind, current, merged);
    this.#codec(kind).validate(merged, current);
    const updated = withGeneration(kind, current, merged);
    if (isDeepStrictEqual(updated, current)) return current;
    if (options.dryRun) return updated;
    const key = storeKey(namespace, name);
    if (isReleased(kind, updated)) {
      this.#store.remove(kind.id, key);
      return withVersion(updated, this.#store.version);
    }
    return this.#put(kind, key, updated, options);
  }
}

/** Namespaces that always exist. */
export const PERMANENT_NAMESPACES: readonly string[] = ['default', 'kube-system'];

function nameOf(kind: Kind, { name, generateName }: Partial<Metadata>): string {
  if (name !== undefined) return name;
  if (generateName === undefined) {
    throw invalid(kind, '', [requiredValue('metadata.name', 'name or generateName is required')]);
  }
  const suffix = Array.from({ length: 5 }, () => NAME_SUFFIX_LETTERS[randomInt(NAME_SUFFIX_LETTERS.length)]);
  return generateName + suffix.join('');
}
