import type { StructuralSchema } from '../crds/schema.ts';

/** A structural schema, and for the built-in kinds maps with free keys. */
export interface Schema extends Omit<StructuralSchema, 'properties' | 'items'> {
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema;
}

export const text = (description?: string): Schema => ({
  type: 'string',
  ...(description === undefined ? {} : { description }),
});
export const time: Schema = { type: 'string', format: 'date-time' };
const int64: Schema = { type: 'integer', format: 'int64' };
export const int32: Schema = { type: 'integer', format: 'int32' };
export const map = (of: Schema, description: string): Schema => ({
  type: 'object',
  additionalProperties: of,
  description,
});
export const object = (properties: Record<string, Schema>, required?: string[]): Schema => ({
  type: 'object',
  properties,
  ...(required === undefined ? {} : { required }),
});
export const described = (schema: Schema, description: string): Schema => ({ ...schema, description });

const ownerReference = object({
  apiVersion: text('API version of the owner.'),
  kind: text('Kind of the owner.'),
  name: text('Name of the owner.'),
  uid: text('UID of the owner.'),
  controller: { type: 'boolean', description: 'Whether this owner manages the object.' },
  blockOwnerDeletion: {
    type: 'boolean',
    description: 'Whether a foreground deletion of the owner waits for this object.',
  },
});

/** ObjectMeta. What is not named here is not kept. */
export const METADATA_SCHEMA: Schema = described(
  object({
    name: text('Unique within a namespace and a kind; cannot be changed.'),
    generateName: text('A prefix; the server appends a random suffix when name is empty.'),
    namespace: text('The namespace of the object; cannot be changed.'),
    uid: text('Unique in time and space; set by the server.'),
    resourceVersion: text('Opaque; changes with every write. In an update it is a precondition.'),
    generation: described(int64, 'Raised by the server with every change of spec.'),
    creationTimestamp: described(time, 'When the object was created; set by the server.'),
    deletionTimestamp: described(time, 'When the deletion was asked for; set by the server.'),
    deletionGracePeriodSeconds: described(int64, 'Set together with deletionTimestamp.'),
    labels: map(text(), 'What selectors select by.'),
    annotations: map(text(), 'Data of tools; not selected by.'),
    finalizers: described(
      { type: 'array', items: text() },
      'The object stays until this list is empty; each name is removed by who put it there.',
    ),
    ownerReferences: described(
      { type: 'array', items: ownerReference },
      'When all owners are gone, the object is deleted.',
    ),
  }),
  "Standard object's metadata.",
);

const typeMeta: Record<string, Schema> = {
  apiVersion: text('The group and version of the kind.'),
  kind: text('The kind of the object.'),
  metadata: METADATA_SCHEMA,
};

/** The schema of a kind with those fields besides those that all kinds have. */
export const kindSchema = (description: string, properties: Record<string, Schema>): Schema =>
  described(object({ ...typeMeta, ...properties }), description);
