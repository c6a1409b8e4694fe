import { isDeepStrictEqual } from 'node:util';
import { forbiddenValue, invalidValue, requiredValue, tooLong, type Cause } from './api-error.ts';
import { AGE, ageOf, column, NAME } from './columns.ts';
import { newKind, type Kind } from './kinds.ts';
import { isEmpty, type ApiObject } from './object.ts';
import { flag, int32, kindSchema, list, map, object, text, time, type Schema } from './schema.ts';

// The kinds that Kubernetes itself brings: each entry says all that there is to say of one. Their schemas hold what the
// Go structs of Kubernetes do.

const texts = (...names: string[]) => Object.fromEntries(names.map(name => [name, text()]));
const REFERENCE_FIELDS = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];
const reference = (description?: string): Schema => object(texts(...REFERENCE_FIELDS), description);
const condition = object({
  ...texts('type', 'status', 'reason', 'message'),
  lastTransitionTime: time(),
});
const base64: Schema = { type: 'string', format: 'byte' };
const immutable = flag('When true, the data cannot be changed any more.');

const DATA = column('Data', object => dataOf(object).length, { type: 'integer' });
const lastSeen = (event: ApiObject): unknown =>
  event['lastTimestamp'] ?? event['eventTime'] ?? event['firstTimestamp'];

function involvedObject(event: ApiObject): string {
  const { kind = '', name = '' } = event['involvedObject'] as { kind?: string; name?: string };
  return `${kind.toLowerCase()}/${name}`;
}

/** v1 Namespace. */
export const NAMESPACE: Kind = newKind({
  group: '',
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  hasStatus: true,
  columns: [NAME, column('Status', '.status.phase'), AGE],
  schema: kindSchema('A Namespace is a scope for names.', {
    spec: object({ finalizers: list(text()) }, 'Finalizers of the namespace itself.'),
    status: object(
      { phase: text('Active or Terminating.'), conditions: list(condition) },
      'Where the namespace is in its life.',
    ),
  }),
  complete: completeNamespace,
  selectableFields: ['status.phase'],
});

/** v1 Event. */
export const EVENT: Kind = newKind({
  group: '',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  columns: [
    column('Last Seen', (event, now) => ageOf(lastSeen(event), now)),
    column('Type', '.type'),
    column('Reason', '.reason'),
    column('Object', involvedObject),
    column('Subobject', '.involvedObject.fieldPath', { priority: 1 }),
    column('Message', '.message'),
    column('Count', '.count', { type: 'integer', priority: 1 }),
    { ...NAME, priority: 1 },
  ],
  schema: kindSchema('An Event is a report of something that happened to an object.', {
    involvedObject: reference('What the event is about.'),
    reason: text('Why, in one CamelCase word.'),
    message: text('What happened, for a person.'),
    source: object(texts('component', 'host')),
    firstTimestamp: time('When it happened first.'),
    lastTimestamp: time('When it happened last.'),
    count: int32('How often it happened.'),
    type: text('Normal or Warning.'),
    eventTime: time('When the event was first observed.'),
    series: object({ count: int32(), lastObservedTime: time() }),
    action: text('What was done or failed.'),
    related: reference(),
    reportingComponent: text('The controller that tells.'),
    reportingInstance: text('Which instance of it.'),
  }),
  validate: validateEvent,
  createsOnUpdate: true,
  selectableFields: [
    ...REFERENCE_FIELDS.map(field => `involvedObject.${field}`),
    'reason',
    'type',
    'reportingComponent',
  ],
});

/** apiextensions.k8s.io/v1 CustomResourceDefinition: shown, never changed. */
export const CUSTOM_RESOURCE_DEFINITION: Kind = newKind({
  group: 'apiextensions.k8s.io',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  readOnly: true,
  columns: [NAME, column('Created At', '.metadata.creationTimestamp', { type: 'date' })],
  schema: { type: 'object', description: 'A CustomResourceDefinition is a kind that was added to the API.' },
});

/** All of them. */
export const BUILT_IN_KINDS: readonly Kind[] = [
  NAMESPACE,
  newKind({
    group: '',
    kind: 'Secret',
    plural: 'secrets',
    columns: [NAME, column('Type', '.type'), DATA, AGE],
    schema: {
      ...kindSchema('A Secret holds data that is not to be shown.', {
        data: map(base64, 'The values, in base64.'),
        stringData: map(text(), 'Write-only: plain values that are merged into data.'),
        type: text('Says what the data is for.'),
        immutable,
      }),
      'x-omits-empty': true,
    },
    complete: completeSecret,
    validate: validateSecret,
    selectableFields: ['type'],
  }),
  newKind({
    group: '',
    kind: 'ConfigMap',
    plural: 'configmaps',
    shortNames: ['cm'],
    columns: [NAME, DATA, AGE],
    schema: {
      ...kindSchema('A ConfigMap holds configuration.', {
        data: map(text(), 'The values.'),
        binaryData: map(base64, 'Values that are not UTF-8, in base64.'),
        immutable,
      }),
      'x-omits-empty': true,
    },
    validate: validateConfigMap,
  }),
  EVENT,
  newKind({
    group: 'coordination.k8s.io',
    kind: 'Lease',
    plural: 'leases',
    columns: [NAME, column('Holder', '.spec.holderIdentity'), AGE],
    schema: kindSchema('A Lease says who holds something, and until when.', {
      spec: object(
        {
          holderIdentity: text('Who holds it.'),
          leaseDurationSeconds: { ...int32('How long a candidate waits after renewTime.'), minimum: 1 },
          acquireTime: time('When it was acquired.'),
          renewTime: time('When it was last renewed.'),
          leaseTransitions: { ...int32('How often the holder changed.'), minimum: 0 },
        },
        'The claim.',
      ),
    }),
    createsOnUpdate: true,
    updatesByVersion: true,
  }),
  CUSTOM_RESOURCE_DEFINITION,
];

// What a real API server does with them beyond what a schema can say.

type Texts = Record<string, string>;

const DATA_KEY = /^[-._a-zA-Z0-9]{1,253}$/;
const DATA_KEY_RULE = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
const MOST_DATA_BYTES = 1024 * 1024;

function completeNamespace(object: ApiObject): ApiObject {
  const { metadata } = object;
  const labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
  return {
    ...object,
    metadata: { ...metadata, labels },
    spec: { finalizers: ['kubernetes'], ...(object['spec'] as object | undefined) },
    status: object['status'] ?? { phase: 'Active' },
  };
}

function completeSecret({ stringData = {}, ...object }: ApiObject): ApiObject {
  const encoded = Object.entries(stringData as Texts).map(([key, value]) => [
    key,
    Buffer.from(value).toString('base64'),
  ]);
  const data = { ...(object['data'] as Texts | undefined), ...(Object.fromEntries(encoded) as Texts) };
  return { ...object, type: object['type'] ?? 'Opaque', ...(isEmpty(data) ? {} : { data }) };
}

const dataOf = (object: ApiObject): { field: string; key: string; value: string }[] =>
  ['data', 'binaryData'].flatMap(field =>
    Object.entries((object[field] ?? {}) as Texts).map(([key, value]) => ({ field, key, value })),
  );

function validateConfigMap(object: ApiObject, before: ApiObject | undefined): Cause[] {
  const entries = dataOf(object);
  const bytes = entries.reduce((sum, { value }) => sum + Buffer.byteLength(value), 0);
  const changed = ['data', 'binaryData', 'immutable'].filter(
    field => before?.['immutable'] === true && !isDeepStrictEqual(object[field], before[field]),
  );
  return [
    ...entries
      .filter(({ key }) => !DATA_KEY.test(key))
      .map(({ field, key }) => invalidValue(`${field}[${key}]`, key, DATA_KEY_RULE)),
    ...(bytes > MOST_DATA_BYTES ? [tooLong('data', MOST_DATA_BYTES)] : []),
    ...changed.map(field => forbiddenValue(field, 'field is immutable when `immutable` is set')),
  ];
}

function validateSecret(object: ApiObject, before: ApiObject | undefined): Cause[] {
  const causes = validateConfigMap(object, before);
  if (before === undefined || before['type'] === object['type']) return causes;
  return [...causes, invalidValue('type', object['type'], 'field is immutable')];
}

function validateEvent(object: ApiObject): Cause[] {
  const about = object['involvedObject'] as { namespace?: string } | undefined;
  if (about === undefined) return [requiredValue('involvedObject')];
  const { namespace = 'default' } = about;
  if (namespace === object.metadata.namespace) return [];
  return [invalidValue('involvedObject.namespace', about.namespace ?? '', 'does not match event.namespace')];
}
