import { randomInt, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { toKubernetesTime } from '../crds/conditions.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  forbidden,
  forbiddenValue,
  invalid,
  invalidValue,
  notFound,
} from './api-error.ts';
import type { Codec, Decoded } from './codec.ts';
import { markDeleted, type DeleteOptions } from './deletion.ts';
import { NAMESPACE, type Kind } from './kinds.ts';
import { missingName } from './metadata.ts';
import type { ApiObject, Metadata } from './object.ts';
import { withVersion, storeKey, type Store } from './store.ts';

/** How a write is to be done. */
export interface WriteOptions {
  /** Do everything but store it. */
  dryRun: boolean;
  /** What becomes of fields that the schema does not know. */
  fieldValidation: 'Strict' | 'Warn' | 'Ignore';
  /** Takes the text of a Warning header. */
  warn: (text: string) => void;
}

/** How the server itself writes. */
export const INTERNAL_WRITE: WriteOptions = {
  dryRun: false,
  fieldValidation: 'Ignore',
  warn: () => undefined,
};

/** Which object is meant. `namespace` is undefined for a cluster-scoped kind. */
export interface Target {
  kind: Kind;
  namespace: string | undefined;
  name: string;
}

/** The part of an object that a write is for; undefined is all but status. */
export type Subresource = 'status' | undefined;

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
    reportUnknownFields(kind, decoded, options);
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
      return { object: this.create(kind, namespace, body, options), created: true };
    }
    const current = this.get(target);
    reportUnknownFields(kind, decoded, options);
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
    const decoded = this.#codec(target.kind).decode(apply(current));
    checkNames(decoded.object.metadata, target);
    reportUnknownFields(target.kind, decoded, options);
    return this.#update(target, current, decoded, options, subresource);
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

const defined = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

function nameOf(kind: Kind, { name, generateName }: Partial<Metadata>): string {
  if (name !== undefined) return name;
  if (generateName === undefined) throw invalid(kind, '', [missingName()]);
  const suffix = Array.from({ length: 5 }, () => NAME_SUFFIX_LETTERS[randomInt(NAME_SUFFIX_LETTERS.length)]);
  return generateName + suffix.join('');
}

function checkNamespace(metadata: Partial<Metadata>, namespace: string | undefined): void {
  if (metadata.namespace === undefined || metadata.namespace === namespace) return;
  throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

function checkNames(metadata: Partial<Metadata>, { namespace, name }: Target): void {
  checkNamespace(metadata, namespace);
  if (metadata.name === name) return;
  if (metadata.name === undefined) throw badRequest('name must be provided');
  throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
}

function reportUnknownFields(kind: Kind, { unknownFields }: Decoded, options: WriteOptions): void {
  if (unknownFields.length === 0 || options.fieldValidation === 'Ignore') return;
  const texts = unknownFields.map(path => `unknown field ${JSON.stringify(path)}`);
  if (options.fieldValidation === 'Warn') return texts.forEach(options.warn);
  throw badRequest(
    `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: strict decoding error: ${texts.join(', ')}`,
  );
}

/** A resourceVersion or uid in what is written is a precondition. */
function checkVersion({ kind, name }: Target, { metadata }: ApiObject, given: Partial<Metadata>): void {
  if (given.uid !== undefined && given.uid !== metadata.uid) {
    throw conflict(
      kind,
      name,
      `Precondition failed: UID in precondition: ${given.uid}, UID in object meta: ${metadata.uid}`,
    );
  }
  if (given.resourceVersion === undefined || given.resourceVersion === metadata.resourceVersion) return;
  throw conflict(
    kind,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );
}

function checkPreconditions({ kind, name }: Target, { metadata }: ApiObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions;
  if (uid !== undefined && uid !== metadata.uid) {
    throw conflict(
      kind,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw conflict(
      kind,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
  }
}

/** What is written, with all that the writer has no say in taken from the object as it is. */
function carryOver(
  kind: Kind,
  current: ApiObject,
  given: Decoded['object'],
  subresource: Subresource,
): ApiObject {
  if (subresource === 'status') return withField(current, 'status', given['status']);
  const { labels, annotations, finalizers, ownerReferences } = given.metadata;
  const metadata = defined({
    ...current.metadata,
    labels,
    annotations,
    finalizers,
    ownerReferences,
  }) as unknown as Metadata;
  const fields = { ...(given as ApiObject), metadata };
  return kind.hasStatus ? withField(fields, 'status', current['status']) : fields;
}

function withField(object: ApiObject, field: string, value: unknown): ApiObject {
  const { [field]: _before, ...rest } = object;
  return (value === undefined ? rest : { ...rest, [field]: value }) as ApiObject;
}

function checkFinalizers(kind: Kind, current: ApiObject, updated: ApiObject): void {
  if (current.metadata.deletionTimestamp === undefined) return;
  const before = new Set(current.metadata.finalizers);
  const added = (updated.metadata.finalizers ?? []).filter(name => !before.has(name));
  if (added.length === 0) return;
  const list = added.map(name => JSON.stringify(name)).join(', ');
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
  throw invalid(kind, current.metadata.name, [forbiddenValue('metadata.finalizers', why)]);
}

/** The generation counts changes of all but metadata and status, in custom resources only. */
function withGeneration(kind: Kind, current: ApiObject, updated: ApiObject): ApiObject {
  if (!kind.custom) return updated;
  const desired = ({ metadata: _metadata, status: _status, ...rest }: ApiObject): unknown => rest;
  if (isDeepStrictEqual(desired(current), desired(updated))) return updated;
  const generation = (current.metadata.generation ?? 0) + 1;
  return { ...updated, metadata: { ...updated.metadata, generation } };
}

/** Whether the last finalizer of an object that is being deleted is gone. Namespaces wait for their contents. */
const isReleased = (kind: Kind, { metadata }: ApiObject): boolean =>
  kind !== NAMESPACE && metadata.deletionTimestamp !== undefined && metadata.finalizers === undefined;
