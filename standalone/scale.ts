import { badRequest, invalid, invalidValue } from './api-error.ts';
import type { Kind } from './kinds.ts';
import { defined, isJsonObject, readPath, type ApiObject, type JsonObject } from './object.ts';

/** autoscaling/v1 Scale of an object whose kind has the scale subresource. */
export function toScale(kind: Kind, object: ApiObject): JsonObject {
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = kind.scale!;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: readPath(object, toSegments(specReplicasPath)) },
    status: {
      replicas: readPath(object, toSegments(statusReplicasPath)) ?? 0,
      selector: readPath(object, toSegments(labelSelectorPath)),
    },
  };
}

/** The object as a Scale wants it; the Scale's resourceVersion becomes the object's. Throws 400 or 422. */
export function applyScale(kind: Kind, object: ApiObject, scale: unknown): JsonObject {
  const { name, uid, resourceVersion } = fieldsOf(fieldsOf(scale)['metadata']);
  const { replicas = 0 } = fieldsOf(fieldsOf(scale)['spec']);
  if (!Number.isInteger(replicas)) throw badRequest('spec.replicas of a Scale must be an integer');
  if ((replicas as number) < 0) {
    const cause = invalidValue('spec.replicas', replicas, 'should be a non-negative integer');
    throw invalid({ group: 'autoscaling', kind: 'Scale' }, object.metadata.name, [cause]);
  }
  if (name !== object.metadata.name) {
    throw badRequest(`the name of the Scale does not match the name on the URL (${object.metadata.name})`);
  }
  const scaled = writePath(object, toSegments(kind.scale!.specReplicasPath), replicas) as ApiObject;
  return { ...scaled, metadata: { ...scaled.metadata, ...defined({ uid, resourceVersion }) } };
}

const fieldsOf = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});

const toSegments = (path: string): string[] => path.split('.').slice(1);

function writePath(object: unknown, [name, ...rest]: string[], value: unknown): unknown {
  if (name === undefined) return value;
  return { ...fieldsOf(object), [name]: writePath(fieldsOf(object)[name], rest, value) };
}
