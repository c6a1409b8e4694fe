import { randomInt, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { toKubernetesTime } from '../crds/conditions.ts';
import {
  alreadyExists,
  ApiError,
  badRequest,
  conflict,
  forbidden,
  invalid,
  isApiError,
  notFound,
} from './api-error.ts';
import * as cause from './cause.ts';
import { NAMESPACE } from './built-in-kinds.ts';
import { measure, MOST_BYTES, tooLarge } from './bounds.ts';
import { Codec, type Decoded } from './codec.ts';
import type { Kind } from './kinds.ts';
import type { ApiObject, Metadata } from './object.ts';
import { storeKey, withVersion, type Store } from './store.ts';
import {
  carryOver,
  checkFinalizers,
  isReleased,
  markDeleted,
  newObject,
  withGeneration,
  type DeleteOptions,
} from './transitions.ts';

/** How a write is to be done. */
export interface WriteOptions {
  /** Do everything but store it. */
  dryRun?: boolean;
  /** The part of an object that the write is for; by default all but status. */
  subresource?: 'status' | undefined;
  /** Gets the paths of fields that the schema does not know, and may throw. */
  onUnknownFields?: (kind: Kind, paths: string[]) => void;
}

/** What an object is to become. */
export interface Change {
  /** Gets the object as it is, or undefined for one that is not there. */
  apply: (current: ApiObject | undefined) => unknown;
  isPatch: boolean;
}

/** Which object is meant. `namespace` is undefined for a cluster-scoped kind. */
export interface Target {
  kind: Kind;
  namespace: string | undefined;
  name: string;
}

/** What became of an object that was deleted. Unless it `isGone`, it stays until its finalizers are removed. */
export interface Deleted {
  object: ApiObject;
  isGone: boolean;
}

/** What an object is to become when it is deleted; undefined is gone. */
interface Deletion {
  target: Target;
  current: ApiObject;
  next: ApiObject | undefined;
}

/** Namespaces that always exist. */
export const PERMANENT_NAMESPACES: readonly string[] = ['default', 'kube-system'];

const NAME_SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** The verbs of the API over the store: what may be written, and what a write turns into. */
export class Resources {
  readonly #store: Store;
  readonly #codecs: ReadonlyMap<Kind, Codec>;
  readonly #now: () => number;

  /** Throws when the schema of a kind has what this server would not enforce. */
  constructor(store: Store, kinds: readonly Kind[], now: () => number) {
    this.#store = store;
    this.#codecs = new Map(kinds.map(kind => [kind, new Codec(kind)]));
    this.#now = now;
  }

  /** Throws 404. */
  get(target: Target): ApiObject {
    const object = this.#find(target);
    if (object === undefined) throw notFound(target.kind, target.name);
    return object;
  }

  /** POST. */
  create(kind: Kind, namespace: string | undefined, body: unknown, options: WriteOptions = {}): ApiObject {
    const given = this.#decode(kind, body, options);
    checkNamespace(given.metadata, namespace);
    if ((given.metadata.resourceVersion ?? '0') !== '0')
      throw badRequest('resourceVersion should not be set on objects to be created');
    return this.#insert({ kind, namespace, name: nameOf(kind, given.metadata) }, given, options);
  }

  /** PUT or PATCH. `created` says that there was nothing before. */
  update(
    target: Target,
    change: Change,
    options: WriteOptions = {},
  ): { object: ApiObject; created: boolean } {
    const { kind, name } = target;
    const { apply, isPatch } = change;
    const isNew = !isPatch && kind.createsOnUpdate && this.#find(target) === undefined;
    const current = isNew ? undefined : this.get(target);
    const given = this.#decode(kind, apply(current), options, isPatch);
    checkNames(given.metadata, target);
    if (current === undefined) return { object: this.#insert(target, given, options), created: true };
    const { uid, resourceVersion } = given.metadata;
    if (isPatch && uid !== undefined && uid !== current.metadata.uid)
      throw invalid(kind, name, [cause.invalid('metadata.uid', uid, 'field is immutable')]);
    if (!isPatch && resourceVersion === undefined && kind.updatesByVersion) {
      const why = 'must be specified for an update';
      throw invalid(kind, name, [cause.invalid('metadata.resourceVersion', 0, why)]);
    }
    checkPreconditions(target, current, given.metadata);
    const merged = carryOver(kind, current, given, options.subresource);
    checkFinalizers(kind, current, merged);
    const updated = withGeneration(kind, current, this.#codec(kind).complete(merged, current));
    return { object: this.#put(target, current, updated, options), created: false };
  }

  /** DELETE. */
  delete(target: Target, options: DeleteOptions): Deleted {
    return this.deleteAll([target], options)[0]!;
  }

  /** The same for several, none of them twice, in one commit: all of them, or with an error none. */
  deleteAll(targets: readonly Target[], options: DeleteOptions): Deleted[] {
    const deletions = targets.map(target => this.#deletion(target, options));
    const changed = deletions.filter(({ current, next }) => next !== current);
    if (options.dryRun) return deletions.map(({ current, next }) => deleted(current, next));
    this.#store.write(
      changed.map(({ target, next: object }) => ({ kind: target.kind.id, key: keyOf(target), object })),
    );
    return deletions.map(({ target, current }) => deleted(current, this.#find(target)));
  }

  #deletion(target: Target, { preconditions, propagationPolicy }: DeleteOptions): Deletion {
    const { kind, name } = target;
    const current = this.get(target);
    checkPreconditions(target, current, preconditions);
    if (kind === NAMESPACE && PERMANENT_NAMESPACES.includes(name))
      throw forbidden(kind, name, 'this namespace may not be deleted');
    return { target, current, next: markDeleted(kind, current, propagationPolicy, this.#time()) };
  }

  #find(target: Target): ApiObject | undefined {
    return this.#store.get(target.kind.id, keyOf(target))?.object;
  }

  #codec(kind: Kind): Codec {
    return this.#codecs.get(kind)!;
  }

  /** What makes a body a bad request (400) makes a patch invalid (422). */
  #decode(kind: Kind, body: unknown, { onUnknownFields }: WriteOptions, isPatch = false): Decoded {
    try {
      const { object, unknownFields } = this.#codec(kind).decode(body);
      onUnknownFields?.(kind, unknownFields);
      return object;
    } catch (error) {
      if (!isPatch || !isApiError(error)) throw error;
      throw new ApiError(422, 'Invalid', `the patched object is invalid: ${error.message}`);
    }
  }

  #insert(target: Target, given: Decoded, options: WriteOptions): ApiObject {
    const { kind, namespace, name } = target;
    if (namespace !== undefined) this.#requireNamespace(namespace, target);
    const fromServer = { name, namespace, uid: randomUUID(), creationTimestamp: this.#time() };
    const created = this.#codec(kind).complete(newObject(kind, given, fromServer), undefined);
    if (this.#find(target) !== undefined) throw alreadyExists(kind, name);
    return this.#put(target, undefined, created, options);
  }

  /** Stores what has changed, or removes what nothing holds any more. */
  #put(
    { kind, namespace, name }: Target,
    current: ApiObject | undefined,
    next: ApiObject,
    { dryRun = false }: WriteOptions,
  ): ApiObject {
    const key = storeKey(namespace, name);
    if (isDeepStrictEqual(next, current)) return current!;
    if (measure(next) > MOST_BYTES) throw tooLarge('The object would be');
    if (dryRun) return next;
    if (!isReleased(kind, next)) return this.#store.put(kind.id, key, next).object;
    this.#store.remove(kind.id, key);
    return withVersion(next, this.#store.version);
  }

  #time(): string {
    return toKubernetesTime(new Date(this.#now()));
  }

  #requireNamespace(namespace: string, { kind, name }: Target): void {
    const { metadata } = this.get({ kind: NAMESPACE, namespace: undefined, name: namespace });
    if (metadata.deletionTimestamp === undefined) return;
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    throw forbidden(kind, name, why);
  }
}

const deleted = (current: ApiObject, next: ApiObject | undefined): Deleted => ({
  object: next ?? current,
  isGone: next === undefined,
});

const keyOf = ({ namespace, name }: Target): string => storeKey(namespace, name);

function nameOf(kind: Kind, { name, generateName }: Partial<Metadata>): string {
  if (name !== undefined) return name;
  if (generateName === undefined)
    throw invalid(kind, '', [cause.required('metadata.name', 'name or generateName is required')]);
  const suffix = Array.from({ length: 5 }, () => NAME_SUFFIX_LETTERS[randomInt(NAME_SUFFIX_LETTERS.length)]);
  return generateName + suffix.join('');
}

function checkNamespace(given: Partial<Metadata>, namespace: string | undefined): void {
  if (given.namespace === undefined || given.namespace === namespace) return;
  throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

function checkNames(given: Partial<Metadata>, { namespace, name }: Target): void {
  checkNamespace(given, namespace);
  if (given.name === name) return;
  if (given.name === undefined) throw badRequest('name must be provided');
  throw badRequest(`the name of the object (${given.name}) does not match the name on the URL (${name})`);
}

/** Throws 409 when the object has another uid or resourceVersion than the writer knows. */
function checkPreconditions(
  { kind, name }: Target,
  current: ApiObject,
  known: DeleteOptions['preconditions'],
): void {
  const { uid, resourceVersion } = current.metadata;
  const { uid: knownUid = uid, resourceVersion: knownVersion = resourceVersion } = known;
  if (knownUid !== uid)
    throw conflict(
      kind,
      name,
      `the UID in the precondition (${knownUid}) does not match the UID in record (${uid})`,
    );
  if (knownVersion === resourceVersion) return;
  const why = 'the object has been modified; please apply your changes to the latest version and try again';
  throw conflict(kind, name, why);
}
