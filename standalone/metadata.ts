import type { OwnerReference } from '../crds/meta.ts';
import { invalidValue, requiredValue, type Cause } from './api-error.ts';
import type { Kind } from './kinds.ts';
import { isJsonObject, type JsonObject, type Metadata } from './object.ts';

/** Holds an owner until its blocking dependents are gone. */
export const FOREGROUND_FINALIZER = 'foregroundDeletion';
/** Holds an owner until its dependents have forgotten it. */
export const ORPHAN_FINALIZER = 'orphan';

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const MOST_ANNOTATION_BYTES = 256 * 1024;

const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED_RULE =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE_RULE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/** Fields without those that say nothing, as Go's omitempty leaves them out: '', {}, [] and null. */
export function withoutEmpty(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isJsonObject(value) ? Object.keys(value).length === 0 : value === '' || value === null;
}

/** What is wrong with the name, labels, annotations, finalizers and owners of an object of that kind. */
export function validateMetadata(kind: Kind, metadata: Metadata): Cause[] {
  return [
    ...validateName(kind, metadata.name),
    ...Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => validateLabel(key, value)),
    ...validateAnnotations(metadata.annotations ?? {}),
    ...(metadata.finalizers ?? []).flatMap((name, i) => validateFinalizer(kind, name, i)),
    ...validateOwners(metadata.ownerReferences ?? []),
  ];
}

function validateName(kind: Kind, name: string): Cause[] {
  const isLabel = kind.kind === 'Namespace';
  const [longest, pattern, rule] = isLabel
    ? [63, DNS_LABEL, LABEL_RULE]
    : [253, DNS_SUBDOMAIN, SUBDOMAIN_RULE];
  return [
    ...(name.length > longest
      ? [invalidValue('metadata.name', name, `must be no more than ${longest} characters`)]
      : []),
    ...(pattern.test(name) ? [] : [invalidValue('metadata.name', name, rule)]),
  ];
}

function validateLabel(key: string, value: string): Cause[] {
  return [
    ...validateQualifiedName('metadata.labels', key),
    ...(value.length > 63
      ? [invalidValue('metadata.labels', value, 'must be no more than 63 characters')]
      : []),
    ...(LABEL_VALUE.test(value) ? [] : [invalidValue('metadata.labels', value, LABEL_VALUE_RULE)]),
  ];
}

function validateAnnotations(annotations: Record<string, string>): Cause[] {
  const entries = Object.entries(annotations);
  const bytes = entries.reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  return [
    ...entries.flatMap(([key]) => validateQualifiedName('metadata.annotations', key.toLowerCase())),
    ...(bytes > MOST_ANNOTATION_BYTES ? [tooLong('metadata.annotations', MOST_ANNOTATION_BYTES)] : []),
  ];
}

/** field.TooLong. */
export const tooLong = (field: string, bytes: number): Cause => ({
  reason: 'FieldValueTooLong',
  message: `Too long: must have at most ${bytes} bytes`,
  field,
});

function validateQualifiedName(field: string, name: string): Cause[] {
  const slash = name.indexOf('/');
  const [prefix, rest] = slash < 0 ? [undefined, name] : [name.slice(0, slash), name.slice(slash + 1)];
  const isGood =
    QUALIFIED_NAME.test(rest) && rest.length <= 63 && (prefix === undefined || DNS_SUBDOMAIN.test(prefix));
  return isGood ? [] : [invalidValue(field, name, QUALIFIED_RULE)];
}

/** Kubernetes' own objects take only finalizers that say whose they are. */
function validateFinalizer(kind: Kind, name: string, index: number): Cause[] {
  const field = `metadata.finalizers[${index}]`;
  const isStandard = [FOREGROUND_FINALIZER, ORPHAN_FINALIZER, 'kubernetes'].includes(name);
  if (kind.custom || isStandard || name.includes('/')) return validateQualifiedName(field, name);
  return [invalidValue(field, name, 'name is neither a standard finalizer name nor is it fully qualified')];
}

function validateOwners(owners: OwnerReference[]): Cause[] {
  const empties = owners.flatMap((owner, i) =>
    (['apiVersion', 'kind', 'name', 'uid'] as const)
      .filter(field => (owner[field] ?? '') === '')
      .map(field => {
        const path = `metadata.ownerReferences[${i}].${field}`;
        return field === 'apiVersion'
          ? invalidValue(path, '', 'version must not be empty')
          : invalidValue(path, '', `${field} must not be empty`);
      }),
  );
  const controllers = owners.filter(owner => owner.controller === true);
  if (controllers.length < 2) return empties;
  const [first, second] = controllers.map(owner => owner.name);
  const why = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${second}`;
  return [...empties, invalidValue('metadata.ownerReferences', owners, why)];
}

/** What is wrong with a name that a new object lacks. */
export const missingName = (): Cause => requiredValue('metadata.name', 'name or generateName is required');
