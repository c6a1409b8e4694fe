import type { StructuralSchema } from '../crds/schema.ts';

/** A structural schema, and for the built-in kinds maps with free keys. */
export interface Schema extends Omit<StructuralSchema, 'properties' | 'items'> {
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema;
}

const text = (description?: string): Schema => ({
  type: 'string',
  ...(description === undefined ? {} : { description }),
});
const time: Schema = { type: 'string', format: 'date-time' };
const microTime: Schema = { type: 'string', format: 'date-time' };
const int64: Schema = { type: 'integer', format: 'int64' };
const int32: Schema = { type: 'integer', format: 'int32' };
const map = (of: Schema, description: string): Schema => ({
  type: 'object',
  additionalProperties: of,
  description,
});
const object = (properties: Record<string, Schema>, required?: string[]): Schema => ({
  type: 'object',
  properties,
  ...(required === undefined ? {} : { required }),
});
const described = (schema: Schema, description: string): Schema => ({ ...schema, description });

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

const kindSchema = (description: string, properties: Record<string, Schema>, required?: string[]): Schema =>
  described(object({ ...typeMeta, ...properties }, required), description);

const base64: Schema = { type: 'string', format: 'byte' };
const immutable: Schema = { type: 'boolean', description: 'When true, the data cannot be changed any more.' };
const reference = object({
  apiVersion: text(),
  kind: text(),
  name: text(),
  namespace: text(),
  uid: text(),
  resourceVersion: text(),
  fieldPath: text(),
});
const condition = object({
  type: text(),
  status: text(),
  lastTransitionTime: time,
  reason: text(),
  message: text(),
});

/** The schemas of the built-in kinds, by kind: what the Go structs of Kubernetes hold. */
export const BUILT_IN_SCHEMAS = {
  Namespace: kindSchema('A Namespace is a scope for names.', {
    spec: described(
      object({ finalizers: { type: 'array', items: text() } }),
      'Finalizers of the namespace itself.',
    ),
    status: described(
      object({ phase: text('Active or Terminating.'), conditions: { type: 'array', items: condition } }),
      'Where the namespace is in its life.',
    ),
  }),
  Secret: kindSchema('A Secret holds data that is not to be shown.', {
    data: map(base64, 'The values, in base64.'),
    stringData: map(text(), 'Write-only: plain values that are merged into data.'),
    type: text('Says what the data is for.'),
    immutable,
  }),
  ConfigMap: kindSchema('A ConfigMap holds configuration.', {
    data: map(text(), 'The values.'),
    binaryData: map(base64, 'Values that are not UTF-8, in base64.'),
    immutable,
  }),
  Event: kindSchema('An Event is a report of something that happened to an object.', {
    involvedObject: described(reference, 'What the event is about.'),
    reason: text('Why, in one CamelCase word.'),
    message: text('What happened, for a person.'),
    source: object({ component: text(), host: text() }),
    firstTimestamp: described(time, 'When it happened first.'),
    lastTimestamp: described(time, 'When it happened last.'),
    count: described(int32, 'How often it happened.'),
    type: text('Normal or Warning.'),
    eventTime: described(microTime, 'When the event was first observed.'),
    series: object({ count: int32, lastObservedTime: microTime }),
    action: text('What was done or failed.'),
    related: reference,
    reportingComponent: text('The controller that tells.'),
    reportingInstance: text('Which instance of it.'),
  }),
  Lease: kindSchema('A Lease says who holds something, and until when.', {
    spec: described(
      object({
        holderIdentity: text('Who holds it.'),
        leaseDurationSeconds: described(int32, 'How long a candidate waits after renewTime.'),
        acquireTime: described(microTime, 'When it was acquired.'),
        renewTime: described(microTime, 'When it was last renewed.'),
        leaseTransitions: described(int32, 'How often the holder changed.'),
      }),
      'The claim.',
    ),
  }),
} satisfies Record<string, Schema>;
