/** Who owns an object: when the owner goes, the object goes too. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** The part of `metadata` that dropfleet reads or writes. Times are RFC 3339 in UTC. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  /** Opaque; compare only for equality. */
  resourceVersion?: string;
  /** Raised by the API server on every change of spec. */
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
}

/** What every Kubernetes object has. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/**
 * One observation about an object, by the Kubernetes API conventions (sig-architecture, "Typical status
 * properties"): lastTransitionTime moves only when status flips.
 */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  observedGeneration?: number;
  lastTransitionTime: string;
  /** One CamelCase word. */
  reason: string;
  /** For a person; says what to do when something must be done. */
  message: string;
}

/** An object's identity within its kind: `namespace/name`, or `name` for a cluster-scoped kind. */
export type ObjectKey = string;

/** The object's key. */
export function keyOf(object: { metadata: Pick<ObjectMeta, 'name' | 'namespace'> }): ObjectKey {
  const { namespace, name } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** A key's two parts; `namespace` is undefined for a cluster-scoped object. */
export function splitKey(key: ObjectKey): { namespace: string | undefined; name: string } {
  const slash = key.indexOf('/');
  return slash < 0
    ? { namespace: undefined, name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
