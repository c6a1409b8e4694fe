import { isDeepStrictEqual } from 'node:util';
import { forbiddenValue, invalidValue, requiredValue, tooLong, type Cause } from './api-error.ts';
import { isEmpty, type ApiObject } from './object.ts';

// What a real API server does with the kinds that Kubernetes itself brings, beyond what a schema can say.

type Texts = Record<string, string>;

const DATA_KEY = /^[-._a-zA-Z0-9]{1,253}$/;
const DATA_KEY_RULE = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
const MOST_DATA_BYTES = 1024 * 1024;

export function completeNamespace(object: ApiObject): ApiObject {
  const { metadata } = object;
  const labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
  return {
    ...object,
    metadata: { ...metadata, labels },
    spec: { finalizers: ['kubernetes'], ...(object['spec'] as object | undefined) },
    status: object['status'] ?? { phase: 'Active' },
  };
}

export function completeSecret({ stringData = {}, ...object }: ApiObject): ApiObject {
  const encoded = Object.entries(stringData as Texts).map(([key, value]) => [
    key,
    Buffer.from(value).toString('base64'),
  ]);
  const data = { ...(object['data'] as Texts | undefined), ...(Object.fromEntries(encoded) as Texts) };
  return { ...object, type: object['type'] ?? 'Opaque', ...(isEmpty(data) ? {} : { data }) };
}

export function validateConfigMap(object: ApiObject, before: ApiObject | undefined): Cause[] {
  const entries = ['data', 'binaryData'].flatMap(field =>
    Object.entries((object[field] ?? {}) as Texts).map(([key, value]) => ({ field, key, value })),
  );
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

export function validateSecret(object: ApiObject, before: ApiObject | undefined): Cause[] {
  const causes = validateConfigMap(object, before);
  if (before === undefined || before['type'] === object['type']) return causes;
  return [...causes, invalidValue('type', object['type'], 'field is immutable')];
}

export function validateEvent(object: ApiObject): Cause[] {
  const about = object['involvedObject'] as { namespace?: string } | undefined;
  if (about === undefined) return [requiredValue('involvedObject')];
  const { namespace = 'default' } = about;
  if (namespace === object.metadata.namespace) return [];
  return [invalidValue('involvedObject.namespace', about.namespace ?? '', 'does not match event.namespace')];
}
