import { keyOf, type KubernetesObject } from '../../crds/meta.ts';
import type { KubernetesClient } from './client.ts';
import { isNotFound } from './errors.ts';
import type { ResourceKind } from './kinds.ts';
import type { Writer } from './status.ts';

/** The object with that finalizer; written only when it was missing. Fails with a conflict on a stale object. */
export async function addFinalizer<T extends KubernetesObject>(
  client: KubernetesClient,
  kind: ResourceKind<T>,
  object: T,
  finalizer: string,
  writer: Writer,
): Promise<T> {
  const finalizers = object.metadata.finalizers ?? [];
  if (finalizers.includes(finalizer)) return object;
  return await writeFinalizers(client, kind, object, [...finalizers, finalizer], writer);
}

/** Takes the finalizers off, which lets a deleted object go. An object that is gone already is fine. */
export async function removeFinalizers<T extends KubernetesObject>(
  client: KubernetesClient,
  kind: ResourceKind<T>,
  object: T,
  finalizers: readonly string[],
  writer: Writer,
): Promise<void> {
  const before = object.metadata.finalizers ?? [];
  const left = before.filter(finalizer => !finalizers.includes(finalizer));
  if (left.length === before.length) return;
  try {
    await writeFinalizers(client, kind, object, left, writer);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** A list is replaced whole by a merge patch, so the version that it was read at is the precondition. */
async function writeFinalizers<T extends KubernetesObject>(
  client: KubernetesClient,
  kind: ResourceKind<T>,
  object: T,
  finalizers: string[],
  writer: Writer,
): Promise<T> {
  const { uid, resourceVersion } = object.metadata;
  const patch = { metadata: { uid, resourceVersion, finalizers } };
  const written = await client.patch(kind, keyOf(object), patch, { signal: writer.signal });
  writer.wrote(written);
  return written;
}
