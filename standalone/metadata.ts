import * as cause from './cause.ts';
import type { Cause } from './cause.ts';
import type { Kind } from './kinds.ts';
import type { Metadata } from './object.ts';

/** Holds an owner until its blocking dependents are gone. */
export const FOREGROUND_FINALIZER = 'foregroundDeletion';
/** Holds an owner until its dependents have forgotten it. */
export const ORPHAN_FINALIZER = 'orphan';

/** What a text may be; `rule` says it in the words of a real API server. */
interface Grammar {
  longest: number;
  pattern: RegExp;
  rule: string;
}

const SUBDOMAIN: Grammar = {
  longest: 253,
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  rule: "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
};
const LABEL: Grammar = {
  longest: 63,
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  rule: "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
};
const QUALIFIED: Grammar = {
  longest: 63,
  pattern: /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/,
  rule: "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
};
const LABEL_VALUE: Grammar = {
  longest: 63,
  pattern: /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/,
  rule: "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
};
const MOST_ANNOTATION_BYTES = 256 * 1024;

/** What is wrong with the name, labels, annotations, finalizers and owners of an object of that kind. */
export function validateMetadata(kind: Kind, metadata: Metadata): Cause[] {
  const { name, labels = {}, annotations = {}, finalizers = [], ownerReferences = [] } = metadata;
  const controllers = ownerReferences.filter(owner => owner.controller === true);
  const annotationBytes = Buffer.byteLength(Object.entries(annotations).flat().join(''));
  return [
    ...validateText('metadata.name', name, kind.kind === 'Namespace' ? LABEL : SUBDOMAIN),
    ...Object.keys(labels).flatMap(key => validateQualifiedName('metadata.labels', key)),
    ...Object.values(labels).flatMap(value => validateText('metadata.labels', value, LABEL_VALUE)),
    ...Object.keys(annotations).flatMap(key =>
      validateQualifiedName('metadata.annotations', key.toLowerCase()),
    ),
    ...(annotationBytes > MOST_ANNOTATION_BYTES
      ? [cause.tooLong('metadata.annotations', MOST_ANNOTATION_BYTES)]
      : []),
    ...finalizers.flatMap((name, i) => validateFinalizer(kind, `metadata.finalizers[${i}]`, name)),
    ...(controllers.length > 1
      ? [cause.invalid('metadata.ownerReferences', ownerReferences, 'only one of them may be the controller')]
      : []),
  ];
}

function validateText(field: string, text: string, { longest, pattern, rule }: Grammar): Cause[] {
  const faults = [
    ...(text.length > longest ? [`must be no more than ${longest} characters`] : []),
    ...(pattern.test(text) ? [] : [rule]),
  ];
  return faults.map(why => cause.invalid(field, text, why));
}

function validateQualifiedName(field: string, name: string): Cause[] {
  const slash = name.indexOf('/');
  const prefix = slash < 0 ? [] : validateText(field, name.slice(0, slash), SUBDOMAIN);
  const isGood = prefix.length === 0 && validateText(field, name.slice(slash + 1), QUALIFIED).length === 0;
  return isGood ? [] : [cause.invalid(field, name, QUALIFIED.rule)];
}

/** Kubernetes' own objects take only finalizers that say whose they are. */
function validateFinalizer(kind: Kind, field: string, name: string): Cause[] {
  const isStandard = [FOREGROUND_FINALIZER, ORPHAN_FINALIZER, 'kubernetes'].includes(name);
  if (kind.custom || isStandard || name.includes('/')) return validateQualifiedName(field, name);
  return [cause.invalid(field, name, 'name is neither a standard finalizer name nor is it fully qualified')];
}
