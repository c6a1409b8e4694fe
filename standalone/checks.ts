import {
  ApiError,
  badRequest,
  conflict,
  forbiddenValue,
  invalid,
  invalidValue,
  isApiError,
} from './api-error.ts';
import type { Decoded } from './codec.ts';
import type { DeleteOptions } from './transitions.ts';
import type { Kind } from './kinds.ts';
import type { ApiObject, Metadata } from './object.ts';
import type { Target, WriteOptions } from './resources.ts';

/** Throws 400 for an object of another namespace. */
export function checkNamespace(metadata: Partial<Metadata>, namespace: string | undefined): void {
  if (metadata.namespace === undefined || metadata.namespace === namespace) return;
  throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

/** Throws 400 for an object of another name or namespace. */
export function checkNames(metadata: Partial<Metadata>, { namespace, name }: Target): void {
  checkNamespace(metadata, namespace);
  if (metadata.name === name) return;
  if (metadata.name === undefined) throw badRequest('name must be provided');
  throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
}

/** Warns of fields that the schema does not know or that stand twice, or throws 400, as the writer wants it. */
export function reportOddFields(kind: Kind, { unknownFields }: Decoded, options: WriteOptions): void {
  const texts = [
    ...options.duplicates,
    ...unknownFields.map(path => `unknown field ${JSON.stringify(path)}`),
  ];
  if (texts.length === 0 || options.fieldValidation === 'Ignore') return;
  if (options.fieldValidation === 'Warn') return texts.forEach(options.warn);
  throw badRequest(
    `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: strict decoding error: ${texts.join(', ')}`,
  );
}

/** Runs `work`; what makes a body a bad request makes a patch invalid (422). */
export function asPatch<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isApiError(error) || error.code !== 400) throw error;
    throw new ApiError(422, 'Invalid', `the patched object is invalid: ${error.message}`);
  }
}

/** Throws 422 when a patch is meant for another object of that name. */
export function checkUnchangedUid(
  { kind, name }: Target,
  { metadata }: ApiObject,
  given: Partial<Metadata>,
): void {
  if (given.uid === undefined || given.uid === metadata.uid) return;
  throw invalid(kind, name, [invalidValue('metadata.uid', given.uid, 'field is immutable')]);
}

/** A resourceVersion or uid in what is written is a precondition. Throws 409. */
export function checkVersion(
  { kind, name }: Target,
  { metadata }: ApiObject,
  given: Partial<Metadata>,
): void {
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

/** Throws 409 when the object is not the one that is to be deleted. */
export function checkPreconditions(
  { kind, name }: Target,
  { metadata }: ApiObject,
  options: DeleteOptions,
): void {
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

/** Throws 422 for a finalizer that comes when the object is being deleted already. */
export function checkFinalizers(kind: Kind, current: ApiObject, updated: ApiObject): void {
  if (current.metadata.deletionTimestamp === undefined) return;
  const before = new Set(current.metadata.finalizers);
  const added = (updated.metadata.finalizers ?? []).filter(name => !before.has(name));
  if (added.length === 0) return;
  const list = added.map(name => JSON.stringify(name)).join(', ');
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
  throw invalid(kind, current.metadata.name, [forbiddenValue('metadata.finalizers', why)]);
}
