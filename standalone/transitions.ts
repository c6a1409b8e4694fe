import { isDeepStrictEqual } from 'node:util';
import { invalid } from './api-error.ts';
import * as cause from './cause.ts';
import { NAMESPACE } from './built-in-kinds.ts';
import type { Decoded } from './codec.ts';
import type { Kind } from './kinds.ts';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from './metadata.ts';
import { defined, type ApiObject, type JsonObject } from './object.ts';

/** The object with those fields; a field that is undefined is left out. */
const withFields = (object: ApiObject, fields: JsonObject): ApiObject =>
  defined({ ...object, ...fields }) as unknown as ApiObject;

const withMetadata = (object: ApiObject | Decoded, fields: JsonObject): ApiObject =>
  withFields(object as ApiObject, { metadata: defined({ ...object.metadata, ...fields }) });

/** The metadata that writers have a say in after the creation. */
function ownMetadata({ metadata }: Decoded): JsonObject {
  const { labels, annotations, finalizers, ownerReferences } = metadata;
  return { labels, annotations, finalizers, ownerReferences };
}

/** What is created: what the server says of itself, and what the writer has a say in. */
export function newObject(kind: Kind, given: Decoded, fromServer: JsonObject): ApiObject {
  const { generateName } = given.metadata;
  const metadata = { generateName, generation: kind.custom && 1, ...fromServer, ...ownMetadata(given) };
  const created = { ...given, metadata: defined(metadata) } as unknown as ApiObject;
  return kind.hasStatus ? withFields(created, { status: undefined }) : created;
}

/** What is written, with all that the writer has no say in taken from the object as it is. */
export function carryOver(
  kind: Kind,
  current: ApiObject,
  given: Decoded,
  subresource: 'status' | undefined,
): ApiObject {
  if (subresource === 'status') return withFields(current, { status: given['status'] });
  const metadata = { ...current.metadata, ...ownMetadata(given) };
  const updated = { ...given, metadata: defined(metadata) } as unknown as ApiObject;
  return kind.hasStatus ? withFields(updated, { status: current['status'] }) : updated;
}

/** The generation counts changes of all but metadata and status, in custom resources only. */
export function withGeneration(kind: Kind, current: ApiObject, updated: ApiObject): ApiObject {
  const desired = ({ metadata: _metadata, status: _status, ...rest }: ApiObject): unknown => rest;
  if (!kind.custom || isDeepStrictEqual(desired(current), desired(updated))) return updated;
  return withMetadata(updated, { generation: (current.metadata.generation ?? 0) + 1 });
}

/** Throws 422 for a finalizer that comes when the object is being deleted already. */
export function checkFinalizers(kind: Kind, current: ApiObject, updated: ApiObject): void {
  if (current.metadata.deletionTimestamp === undefined) return;
  const before = new Set(current.metadata.finalizers);
  const added = (updated.metadata.finalizers ?? []).filter(name => !before.has(name));
  if (added.length === 0) return;
  const list = added.map(name => JSON.stringify(name)).join(', ');
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
  throw invalid(kind, current.metadata.name, [cause.forbidden('metadata.finalizers', why)]);
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
  preconditions: { uid?: string; resourceVersion?: string };
}

/**
 * What a DELETE turns an object into: nothing when nothing holds it, the same object when it was being
 * deleted already, else the object marked as being deleted at `time`.
 */
export function markDeleted(
  kind: Kind,
  object: ApiObject,
  policy: PropagationPolicy | undefined,
  time: string,
): ApiObject | undefined {
  const { generation, deletionTimestamp, finalizers: present = [] } = object.metadata;
  const finalizers = finalizersFor(policy, present);
  if (finalizers.length === 0 && kind !== NAMESPACE) return undefined;
  if (deletionTimestamp !== undefined) return object;
  const marked = withMetadata(object, {
    deletionTimestamp: time,
    deletionGracePeriodSeconds: kind === NAMESPACE ? undefined : 0,
    generation: generation && generation + 1,
    finalizers: finalizers.length === 0 ? undefined : finalizers,
  });
  const terminating = { ...(object['status'] as object | undefined), phase: 'Terminating' };
  return kind === NAMESPACE ? withFields(marked, { status: terminating }) : marked;
}

function finalizersFor(policy: PropagationPolicy | undefined, present: string[]): string[] {
  if (policy === undefined) return present;
  const others = present.filter(name => name !== FOREGROUND_FINALIZER && name !== ORPHAN_FINALIZER);
  if (policy === 'Background') return others;
  return [...others, policy === 'Foreground' ? FOREGROUND_FINALIZER : ORPHAN_FINALIZER];
}
