import { isDeepStrictEqual } from 'node:util';
import * as cause from './cause.ts';
import type { Cause } from './cause.ts';
import { ageOf } from './columns.ts';
import { toKind, type Kind, type KindRules } from './kinds.ts';
import { isEmpty, type ApiObject } from './object.ts';
import { BUILT_IN_SPECS } from './schema.ts';

// What a real API server does with the kinds of built-in-kinds.yaml, beyond what their specs say.

type Texts = Record<string, string>;

const DATA_KEY = /^[-._a-zA-Z0-9]{1,253}$/;
const DATA_KEY_RULE = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
const MOST_DATA_BYTES = 1024 * 1024;

const countData = { Data: (object: ApiObject) => dataOf(object).length };
const RULES: Record<string, KindRules> = {
  Namespace: { complete: completeNamespace },
  Secret: { complete: completeSecret, validate: validateSecret, columnValues: countData },
  ConfigMap: { validate: validateConfigMap, columnValues: countData },
  Event: {
    validate: validateEvent,
    createsOnUpdate: true,
    columnValues: { 'Last Seen': lastSeen, Object: involvedObject },
  },
  Lease: { createsOnUpdate: true, updatesByVersion: true },
  CustomResourceDefinition: { readOnly: true },
};

/** All of them. */
export const BUILT_IN_KINDS: readonly Kind[] = BUILT_IN_SPECS.map(spec =>
  toKind(spec, RULES[spec.names.kind] ?? {}),
);

const find = (kind: string): Kind => BUILT_IN_KINDS.find(one => one.kind === kind)!;
export const NAMESPACE = find('Namespace');
export const EVENT = find('Event');
export const CUSTOM_RESOURCE_DEFINITION = find('CustomResourceDefinition');

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
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const encoded = Object.entries(stringData as Texts).map(([key, value]) => [key, encode(value)]);
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
      .map(({ field, key }) => cause.invalid(`${field}[${key}]`, key, DATA_KEY_RULE)),
    ...(bytes > MOST_DATA_BYTES ? [cause.tooLong('data', MOST_DATA_BYTES)] : []),
    ...changed.map(field => cause.forbidden(field, 'field is immutable when `immutable` is set')),
  ];
}

function validateSecret(object: ApiObject, before: ApiObject | undefined): Cause[] {
  const causes = validateConfigMap(object, before);
  if (before === undefined || before['type'] === object['type']) return causes;
  return [...causes, cause.invalid('type', object['type'], 'field is immutable')];
}

function validateEvent(object: ApiObject): Cause[] {
  const about = object['involvedObject'] as { namespace?: string } | undefined;
  if (about === undefined) return [cause.required('involvedObject')];
  const { namespace = 'default' } = about;
  if (namespace === object.metadata.namespace) return [];
  return [cause.invalid('involvedObject.namespace', about.namespace ?? '', 'does not match event.namespace')];
}

function lastSeen(event: ApiObject, now: number): string {
  return ageOf(event['lastTimestamp'] ?? event['eventTime'] ?? event['firstTimestamp'], now);
}

function involvedObject(event: ApiObject): string {
  const { kind = '', name = '' } = event['involvedObject'] as { kind?: string; name?: string };
  return `${kind.toLowerCase()}/${name}`;
}
