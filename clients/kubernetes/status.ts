import { isDeepStrictEqual } from 'node:util';
import { keyOf, type KubernetesObject } from '../../crds/meta.ts';
import type { KubernetesClient } from './client.ts';
import type { ResourceKind } from './kinds.ts';

/** Whoever writes: what stops it, and what hears of every write. */
export interface Writer {
  readonly signal: AbortSignal;
  wrote(object: KubernetesObject): void;
}

/**
 * Makes the object's status that one, with a merge patch of what differs, or with no request when nothing does. The
 * object must still be as it was read: a merge patch replaces the list of conditions whole.
 *
 * @returns the object as written.
 */
export async function patchStatus<T extends KubernetesObject & { status?: object }>(
  client: KubernetesClient,
  kind: ResourceKind<T>,
  object: T,
  status: NonNullable<T['status']>,
  writer: Writer,
): Promise<T> {
  const changes = mergePatchOf(object.status ?? {}, status);
  if (changes === undefined) return object;
  const { uid, resourceVersion } = object.metadata;
  const patch = { metadata: { uid, resourceVersion }, status: changes };
  const options = { subresource: 'status', signal: writer.signal } as const;
  const written = await client.patch(kind, keyOf(object), patch, options);
  writer.wrote(written);
  return written;
}

/** The RFC 7386 patch that turns `before` into `after`; undefined when they are equal. */
function mergePatchOf(before: object, after: object): Record<string, unknown> | undefined {
  const old = before as Record<string, unknown>;
  const patch: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(after)) {
    if (isDeepStrictEqual(old[field], value)) continue;
    const change = isPlain(old[field]) && isPlain(value) ? mergePatchOf(old[field], value) : value;
    if (change !== undefined) patch[field] = change;
  }
  for (const field of Object.keys(old)) if (!(field in after)) patch[field] = null;
  return Object.keys(patch).length === 0 ? undefined : patch;
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
