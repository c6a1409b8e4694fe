import type { KubernetesObject, ObjectKey } from '../../crds/meta.ts';
import type { CallOptions, KubernetesClient } from './client.ts';
import { isNotFound } from './errors.ts';
import type { ResourceKind } from './kinds.ts';

/** The object; undefined when there is none. Throws whatever else `get` does. */
export async function findObject<T extends KubernetesObject>(
  kubernetes: Pick<KubernetesClient, 'get'>,
  kind: ResourceKind<T>,
  key: ObjectKey,
  options?: CallOptions,
): Promise<T | undefined> {
  try {
    return await kubernetes.get(kind, key, options);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
