import { isDeepStrictEqual } from 'node:util';
import { forbiddenValue, invalid } from './api-error.ts';
import { NAMESPACE } from './built-in-kinds.ts';
import type { Decoded } from './codec.ts';
import type { Kind } from './kinds.ts';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from './metadata.ts';
import { defined, type ApiObject, type Metadata } from './object.ts';

/** The part of an object that a write is for; undefined is all but status. */
export type Subresource = 'status' | undefined;

/** What is written, with all that the writer has no say in taken from the object as it is. */
export function carryOver(
  kind: Kind,
  current: ApiObject,
  given: Decoded['object'],
  subresource: Subresource,
): ApiObject {
  if (subresource === 'status') return withField(current, 'status', given['status']);
  const metadata = defined({ ...current.metadata, ...ownMetadata(given) }) as unknown as Metadata;
  const fields = { ...(given as ApiObject), metadata };
  return kind.hasStatus ? withField(fields, 'status', current['status']) : fields;
}

/** The metadata that writers have a say in after the creation. */
export function ownMetadata({ metadata }: Decoded['object']): Partial<Record<keyof Metadata, unknown>> {
  const { labels, annotations, finalizers, ownerReferences } = metadata;
  return { labels, annotations, finalizers, ownerReferences };
}

function withField(object: ApiObject, field: string, value: unknown): ApiObject {
  const { [field]: _before, ...rest } = object;
  return (value === undefined ? rest : { ...rest, [field]: value }) as ApiObject;
}

/** The generation counts changes of all but metadata and status, in custom resources only. */
export function withGeneration(kind: Kind, current: ApiObject, updated: ApiObject): ApiObject {
  if (!kind.custom) return updated;
  const desired = ({ metadata: _metadata, status: _status, ...rest }: ApiObject): unknown => rest;
  if (isDeepStrictEqual(desired(current), desired(updated))) return updated;
  const generation = (current.metadata.generation ?? 0) + 1;
  return { ...updated, metadata: { ...updated.metadata, generation } };
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

/** Whether the last finalizer of an object that is being deleted is gone. Namespaces wait for their contents. */
export const isReleased = (kind: Kind, { metadata }: ApiObject): boolean =>
  kind !== NAMESPACE && metadata.deletionTimestamp !== undefined && metadata.finalizers === undefined;

/** What becomes of the dependents of a deleted object. */
export type PropagationPolicy = 'Background' | 'Foreground' | 'Orphan';

/** metav1.DeleteOptions, as far as it matters here. */
export interface DeleteOptions {
  dryRun: boolean;
  /** Undefined is Background, or what the object's finalizers already say. */
  propagationPolicy: PropagationPolicy | undefined;
  preconditions: { uid?: unknown; resourceVersion?: unknown };
}

/**
 * What a DELETE turns an object into: 'remove' when nothing holds it, the same object when it was being
 * deleted already, else the object marked as being deleted at `time`.
 */
export function markDeleted(
  kind: Kind,
  object: ApiObject,
  policy: PropagationPolicy | undefined,
  time: string,
): ApiObject | 'remove' {
  const finalizers = finalizersFor(policy, object.metadata.finalizers ?? []);
  if (finalizers.length === 0 && kind !== NAMESPACE) return 'remove';
  if (object.metadata.deletionTimestamp !== undefined) return object;
  const { generation } = object.metadata;
  const isNamespace = kind === NAMESPACE;
  const metadata = defined({
    ...object.metadata,
    deletionTimestamp: time,
    deletionGracePeriodSeconds: isNamespace ? undefined : 0,
    generation: generation === undefined ? undefined : generation + 1,
    finalizers: finalizers.length === 0 ? undefined : finalizers,
  }) as unknown as Metadata;
  const status = { ...(object['status'] as object | undefined), phase: 'Terminating' };
  return { ...object, metadata, ...(isNamespace ? { status } : {}) };
}

function finalizersFor(policy: PropagationPolicy | undefined, present: string[]): string[] {
  if (policy === undefined) return present;
  const others = present.filter(name => name !== FOREGROUND_FINALIZER && name !== ORPHAN_FINALIZER);
  if (policy === 'Background') return others;
  return [...others, policy === 'Foreground' ? FOREGROUND_FINALIZER : ORPHAN_FINALIZER];
}
