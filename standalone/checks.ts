import { ApiError, badRequest, conflict, forbiddenValue, invalid, isApiError } from './api-error.ts';
import type { Decoded } from './codec.ts';
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
  const unknown = unknownFields.map(path => `unknown field ${JSON.stringify(path)}`);
  const texts = [...options.duplicates, ...unknown];
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

/** Throws 409 when the object has another uid or resourceVersion than the writer knows. */
export function checkPreconditions(
  { kind, name }: Target,
  { metadata }: ApiObject,
  { uid = metadata.uid, resourceVersion = metadata.resourceVersion }: Partial<Metadata>,
): void {
  if (uid !== metadata.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid})`;
    throw conflict(kind, name, why);
  }
  if (resourceVersion === metadata.resourceVersion) return;
  const why = 'the object has been modified; please apply your changes to the latest version and try again';
  throw conflict(kind, name, why);
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
