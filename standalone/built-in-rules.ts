import { isDeepStrictEqual } from 'node:util';
import { forbiddenValue, invalidValue, requiredValue, type Cause } from './api-error.ts';
import { tooLong, withoutEmpty } from './metadata.ts';
import type { ApiObject, JsonObject } from './object.ts';

const DATA_KEY = /^[-._a-zA-Z0-9]+$/;
const MOST_DATA_BYTES = 1024 * 1024;

/** What a real server fills in by itself in a Namespace. */
export function completeNamespace(object: ApiObject): ApiObject {
  const { metadata } = object;
  const labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
  const spec = object['spec'] as { finalizers?: string[] } | undefined;
  return {
    ...object,
    metadata: { ...metadata, labels },
    spec: { ...spec, finalizers: spec?.finalizers ?? ['kubernetes'] },
    status: object['status'] ?? { phase: 'Active' },
  };
}

/** The same in a Secret. */
export function completeSecret(object: ApiObject): ApiObject {
  const { stringData, ...rest } = object;
  const encoded = Object.entries((stringData ?? {}) as Record<string, string>).map(
    ([key, value]) => [key, Buffer.from(value).toString('base64')] as const,
  );
  const data = { ...(object['data'] as JsonObject | undefined), ...Object.fromEntries(encoded) };
  return withoutEmpty({ ...rest, type: object['type'] || 'Opaque', data }) as ApiObject;
}

/** The same in a ConfigMap. */
export const completeConfigMap = (object: ApiObject): ApiObject => withoutEmpty(object) as ApiObject;

/** What a real server checks in a ConfigMap beyond the types of its fields. */
export const validateConfigMap = (object: ApiObject, before: ApiObject | undefined): Cause[] => [
  ...validateData(object),
  ...validateUnchanged(object, before),
];

/** The same in a Secret. */
export const validateSecret = (object: ApiObject, before: ApiObject | undefined): Cause[] => [
  ...validateConfigMap(object, before),
  ...validateType(object, before),
];

function validateData(object: ApiObject): Cause[] {
  const entries = ['data', 'binaryData'].flatMap(field =>
    Object.entries((object[field] ?? {}) as Record<string, string>).map(entry => [field, ...entry] as const),
  );
  const bytes = entries.reduce((sum, [, , value]) => sum + Buffer.byteLength(value), 0);
  return [
    ...entries
      .filter(([, key]) => !DATA_KEY.test(key) || key.length > 253)
      .map(([field, key]) =>
        invalidValue(
          `${field}[${key}]`,
          key,
          "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
        ),
      ),
    ...(bytes > MOST_DATA_BYTES ? [tooLong('data', MOST_DATA_BYTES)] : []),
  ];
}

function validateUnchanged(object: ApiObject, before: ApiObject | undefined): Cause[] {
  if (before?.['immutable'] !== true) return [];
  const changed = ['data', 'binaryData', 'immutable'].filter(
    field => !isDeepStrictEqual(object[field], before[field]),
  );
  return changed.map(field => forbiddenValue(field, 'field is immutable when `immutable` is set'));
}

const validateType = (object: ApiObject, before: ApiObject | undefined): Cause[] =>
  before === undefined || before['type'] === object['type']
    ? []
    : [invalidValue('type', object['type'], 'field is immutable')];

/** The same in an Event. */
export function validateEvent(object: ApiObject): Cause[] {
  const about = object['involvedObject'] as { namespace?: string } | undefined;
  if (about === undefined) return [requiredValue('involvedObject')];
  const { namespace } = object.metadata;
  const isSame = about.namespace === namespace || (about.namespace === undefined && namespace === 'default');
  return isSame
    ? []
    : [invalidValue('involvedObject.namespace', about.namespace ?? '', 'does not match event.namespace')];
}

/** The same in a Lease. */
export function validateLease(object: ApiObject): Cause[] {
  const spec = (object['spec'] ?? {}) as { leaseDurationSeconds?: number; leaseTransitions?: number };
  const { leaseDurationSeconds: seconds = 1, leaseTransitions: transitions = 0 } = spec;
  return [
    ...(seconds > 0 ? [] : [invalidValue('spec.leaseDurationSeconds', seconds, 'must be greater than 0')]),
    ...(transitions >= 0
      ? []
      : [invalidValue('spec.leaseTransitions', transitions, 'must be greater than or equal to 0')]),
  ];
}
