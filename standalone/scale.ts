import { badRequest, invalid } from './api-error.ts';
import * as cause from './cause.ts';
import type { Kind } from './kinds.ts';
import { defined, isJsonObject, readPath, type ApiObject, type JsonObject } from './object.ts';
import type { Change } from './resources.ts';

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

/** What changing the Scale so does to the object; its resourceVersion becomes the object's. Throws 400 or 422. */
export const scaling = (kind: Kind, { apply }: Change): Change => ({
  isPatch: true,
  apply: object => applyScale(kind, object!, apply(toScale(kind, object!) as unknown as ApiObject)),
});

function applyScale(kind: Kind, object: ApiObject, scale: unknown): JsonObject {
  const { name, uid, resourceVersion } = fieldsOf(fieldsOf(scale)['metadata']);
  const { replicas = 0 } = fieldsOf(fieldsOf(scale)['spec']);
  if (!Number.isInteger(replicas)) throw badRequest('spec.replicas of a Scale must be an integer');
  if ((replicas as number) < 0) {
    const why = cause.invalid('spec.replicas', replicas, 'should be a non-negative integer');
    throw invalid({ group: 'autoscaling', kind: 'Scale' }, object.metadata.name, [why]);
  }
  if (name !== object.metadata.name)
    throw badRequest(`the name of the Scale does not match the name on the URL (${object.metadata.name})`);
  const scaled = writePath(object, toSegments(kind.scale!.specReplicasPath), replicas) as ApiObject;
  return { ...scaled, metadata: { ...scaled.metadata, ...defined({ uid, resourceVersion }) } };
}

const fieldsOf = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});

const toSegments = (path: string): string[] => path.split('.').slice(1);

function writePath(object: unknown, [name, ...rest]: string[], value: unknown): unknown {
  if (name === undefined) return value;
  return { ...fieldsOf(object), [name]: writePath(fieldsOf(object)[name], rest, value) };
}
