import type { StructuralSchema } from '../crds/schema.ts';

/** A structural schema, and for the built-in kinds what the Go structs of Kubernetes say besides. */
export interface Schema extends Omit<StructuralSchema, 'properties' | 'items'> {
  properties?: Record<string, Schema>;
  items?: Schema;
  /** Of a map with free keys. */
  additionalProperties?: Schema;
  /** Go's omitempty on all fields, which spares structs: '', [], null and a map that is empty say nothing. */
  'x-omits-empty'?: true;
}

type Properties = Record<string, Schema>;

const described = (schema: Schema, description?: string): Schema =>
  description === undefined ? schema : { ...schema, description };

export const text = (description?: string): Schema => described({ type: 'string' }, description);
export const flag = (description: string): Schema => ({ type: 'boolean', description });
export const time = (description?: string): Schema =>
  described({ type: 'string', format: 'date-time' }, description);
export const int32 = (description?: string): Schema =>
  described({ type: 'integer', format: 'int32' }, description);
const int64 = (description: string): Schema => ({ type: 'integer', format: 'int64', description });
export const list = (items: Schema, description?: string): Schema =>
  described({ type: 'array', items }, description);
export const map = (additionalProperties: Schema, description: string): Schema =>
  described({ type: 'object', additionalProperties }, description);
export const object = (properties: Properties, description?: string): Schema =>
  described({ type: 'object', properties }, description);

const ownerReference = object({
  apiVersion: text('API version of the owner.'),
  kind: text('Kind of the owner.'),
  name: text('Name of the owner.'),
  uid: text('UID of the owner.'),
  controller: flag('Whether this owner manages the object.'),
  blockOwnerDeletion: flag('Whether a foreground deletion of the owner waits for this object.'),
});

/** ObjectMeta. What is not named here is not kept. */
export const METADATA_SCHEMA: Schema = {
  ...object({
    name: text('Unique within a namespace and a kind; cannot be changed.'),
    generateName: text('A prefix; the server appends a random suffix when name is empty.'),
    namespace: text('The namespace of the object; cannot be changed.'),
    uid: text('Unique in time and space; set by the server.'),
    resourceVersion: text('Opaque; changes with every write. In an update it is a precondition.'),
    generation: int64('Raised by the server with every change of spec.'),
    creationTimestamp: time('When the object was created; set by the server.'),
    deletionTimestamp: time('When the deletion was asked for; set by the server.'),
    deletionGracePeriodSeconds: int64('Set together with deletionTimestamp.'),
    labels: map(text(), 'What selectors select by.'),
    annotations: map(text(), 'Data of tools; not selected by.'),
    finalizers: list(
      text(),
      'The object stays until this list is empty; each name is removed by who put it there.',
    ),
    ownerReferences: list(
      { ...ownerReference, required: ['apiVersion', 'kind', 'name', 'uid'], 'x-omits-empty': true },
      'When all owners are gone, the object is deleted.',
    ),
  }),
  description: "Standard object's metadata.",
  'x-omits-empty': true,
};

/** The schema of a kind with those fields besides those that all kinds have. */
export const kindSchema = (description: string, properties: Properties): Schema =>
  object(
    {
      apiVersion: text('The group and version of the kind.'),
      kind: text('The kind of the object.'),
      metadata: METADATA_SCHEMA,
      ...properties,
    },
    description,
  );
