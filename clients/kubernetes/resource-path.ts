import type { KubernetesObject, ObjectKey } from '../../crds/meta.ts';
import { splitKey } from '../../crds/meta.ts';
import type { Selection } from './client.ts';
import type { ResourceKind } from './kinds.ts';

/** What `apiVersion` says in objects of that kind. */
export const apiVersionOf = ({ group, version }: ResourceKind): string =>
  group === '' ? version : `${group}/${version}`;

/** The path of a kind's collection, in one namespace or in all. */
export function collectionPath(kind: ResourceKind, namespace: string | undefined): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${scope}/${kind.plural}`;
}

/** The path of one object, or of its subresource. */
export function objectPath<T extends KubernetesObject>(
  kind: ResourceKind<T>,
  key: ObjectKey,
  subresource?: string,
): string {
  const { namespace, name } = splitKey(key);
  if ((namespace !== undefined) !== kind.namespaced || name === '') {
    throw new TypeError(`"${key}" is no key of a ${kind.kind}`);
  }
  const path = `${collectionPath(kind, namespace)}/${encodeURIComponent(name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** The query of a list or a watch; absent values are left out. */
export function queryOf(
  { labelSelector, fieldSelector }: Selection,
  more: Record<string, string | undefined>,
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ labelSelector, fieldSelector, ...more })) {
    if (value !== undefined) query.set(name, value);
  }
  return query.toString();
}
