import { isDeepStrictEqual } from 'node:util';
import { forbiddenValue, invalidValue, requiredValue, type Cause } from './api-error.ts';
import type { Kind } from './kinds.ts';
import { tooLong, withoutEmpty } from './metadata.ts';
import type { ApiObject, JsonObject } from './object.ts';

const DATA_KEY = /^[-._a-zA-Z0-9]+$/;
const MOST_DATA_BYTES = 1024 * 1024;

/** What a real server fills in by itself in an object of a built-in kind. */
export function completeBuiltIn(kind: Kind, object: ApiObject): ApiObject {
  switch (kind.kind) {
    case 'Namespace':
      return completeNamespace(object);
    case 'Secret':
      return withoutEmpty(completeSecret(object)) as ApiObject;
    case 'ConfigMap':
      return withoutEmpty(object) as ApiObject;
    default:
      return object;
  }
}

function completeNamespace(object: ApiObject): ApiObject {
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

function completeSecret(object: ApiObject): ApiObject {
  const { stringData, ...rest } = object;
  const encoded = Object.entries((stringData ?? {}) as Record<string, string>).map(
    ([key, value]) => [key, Buffer.from(value).toString('base64')] as const,
  );
  const data = { ...(object['data'] as JsonObject | undefined), ...Object.fromEntries(encoded) };
  return { ...rest, type: object['type'] || 'Opaque', data };
}

/** What a real server checks in a built-in kind beyond the types of its fields. */
export function validateBuiltIn(kind: Kind, object: ApiObject, before: ApiObject | undefined): Cause[] {
  switch (kind.kind) {
    case 'Secret':
      return [...validateData(object), ...validateUnchanged(object, before), ...validateType(object, before)];
    case 'ConfigMap':
      return [...validateData(object), ...validateUnchanged(object, before)];
    case 'Event':
      return validateEvent(object);
    case 'Lease':
      return validateLease(object);
    default:
      return [];
  }
}

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

function validateEvent(object: ApiObject): Cause[] {
  const about = object['involvedObject'] as { namespace?: string } | undefined;
  if (about === undefined) return [requiredValue('involvedObject')];
  const { namespace } = object.metadata;
  const isSame = about.namespace === namespace || (about.namespace === undefined && namespace === 'default');
  return isSame
    ? []
    : [invalidValue('involvedObject.namespace', about.namespace ?? '', 'does not match event.namespace')];
}

function validateLease(object: ApiObject): Cause[] {
  const spec = (object['spec'] ?? {}) as { leaseDurationSeconds?: number; leaseTransitions?: number };
  const { leaseDurationSeconds: seconds = 1, leaseTransitions: transitions = 0 } = spec;
  return [
    ...(seconds > 0 ? [] : [invalidValue('spec.leaseDurationSeconds', seconds, 'must be greater than 0')]),
    ...(transitions >= 0
      ? []
      : [invalidValue('spec.leaseTransitions', transitions, 'must be greater than or equal to 0')]),
  ];
}
