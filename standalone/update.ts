import { isDeepStrictEqual } from 'node:util';
import type { Decoded } from './codec.ts';
import { NAMESPACE, type Kind } from './kinds.ts';
import type { ApiObject, Metadata } from './object.ts';

/** The fields that are not undefined. */
export const defined = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

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

/** The generation counts changes of all but metadata and status, in custom resources only. */
export function withGeneration(kind: Kind, current: ApiObject, updated: ApiObject): ApiObject {
  if (!kind.custom) return updated;
  const desired = ({ metadata: _metadata, status: _status, ...rest }: ApiObject): unknown => rest;
  if (isDeepStrictEqual(desired(current), desired(updated))) return updated;
  const generation = (current.metadata.generation ?? 0) + 1;
  return { ...updated, metadata: { ...updated.metadata, generation } };
}

/** Whether the last finalizer of an object that is being deleted is gone. Namespaces wait for their contents. */
export const isReleased = (kind: Kind, { metadata }: ApiObject): boolean =>
  kind !== NAMESPACE && metadata.deletionTimestamp !== undefined && metadata.finalizers === undefined;
