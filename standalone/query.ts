import { badRequest, invalid } from './api-error.ts';
import * as cause from './cause.ts';
import type { Cause } from './cause.ts';
import type { ListOptions } from './list.ts';
import { isJsonObject } from './object.ts';
import type { DeleteOptions, PropagationPolicy } from './transitions.ts';

const invalidOption = (kind: string, why: Cause): Error => invalid({ group: 'meta.k8s.io', kind }, '', [why]);

/** Throws 422 for a value that is none of those known. */
function oneOf<const T extends string>(kind: string, field: string, value: unknown, known: T[]): T {
  const found = known.find(one => one === value);
  if (found === undefined) throw invalidOption(kind, cause.unsupported(field, value, known));
  return found;
}

/** Whether a write is only tried. Throws 422. */
export const isDryRun = (values: readonly unknown[]): boolean =>
  values.filter(value => value !== '').map(value => oneOf('PatchOptions', 'dryRun', value, ['All'])).length >
  0;

/** What becomes of what the schema does not know. Throws 422. */
export function fieldValidation(query: URLSearchParams): 'Ignore' | 'Strict' | 'Warn' {
  const given = query.get('fieldValidation') || 'Warn';
  return oneOf('PatchOptions', 'fieldValidation', given, ['Ignore', 'Strict', 'Warn']);
}

/** The options of a list. Throws 400 or 422. */
export function listOptions(query: URLSearchParams): ListOptions {
  const resourceVersion = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const forbid = (field: string, why: string): Error =>
    invalidOption('ListOptions', cause.forbidden(field, `${field} ${why}`));
  if (match !== '' && resourceVersion === '')
    throw forbid('resourceVersionMatch', 'is forbidden unless resourceVersion is provided');
  oneOf('ListOptions', 'resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']);
  if (match === 'Exact' && resourceVersion === '0')
    throw forbid('resourceVersionMatch', '"exact" is forbidden for resourceVersion "0"');
  // Streaming lists: kubectl then lists first.
  if (query.has('sendInitialEvents'))
    throw forbid('sendInitialEvents', 'is forbidden for watch unless the WatchList feature gate is enabled');
  return {
    limit: wholeNumber(query, 'limit'),
    continue: query.get('continue') ?? '',
    resourceVersion,
    isExact: match === 'Exact',
  };
}

/** A query parameter that counts something; 0 when it is not there or negative. Throws 400. */
export function wholeNumber(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  if (!/^-?\d{0,9}$/.test(text))
    throw badRequest(`${name} must be a whole number, not ${JSON.stringify(text)}`);
  return Math.max(0, Number(text));
}

/** Whether a query parameter is on, as Go reads booleans. */
export const isOn = (query: URLSearchParams, name: string): boolean =>
  ['true', '1', 't', 'T', 'TRUE', 'True'].includes(query.get(name) ?? '');

/** The options of a DELETE, from its body or else its query. Throws 400 or 422. */
export function deleteOptions(query: URLSearchParams, body: unknown = {}): DeleteOptions {
  if (!isJsonObject(body)) throw badRequest('the body is not a DeleteOptions');
  const { dryRun, preconditions, propagationPolicy, orphanDependents } = body;
  const policy = propagationPolicy ?? query.get('propagationPolicy') ?? '';
  if (policy !== '' && typeof orphanDependents === 'boolean') {
    const why = 'orphanDependents and deletionPropagation cannot be both set';
    throw invalidOption('DeleteOptions', cause.invalid('propagationPolicy', policy, why));
  }
  const orphaning = orphanDependents === true ? 'Orphan' : undefined;
  return {
    dryRun: isDryRun(Array.isArray(dryRun) ? dryRun : query.getAll('dryRun')),
    propagationPolicy: policy === '' ? orphaning : toPolicy(policy),
    preconditions: isJsonObject(preconditions) ? textsOf(preconditions) : {},
  };
}

const toPolicy = (policy: unknown): PropagationPolicy =>
  oneOf('DeleteOptions', 'propagationPolicy', policy, ['Foreground', 'Background', 'Orphan']);

const textsOf = (fields: object): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => typeof value === 'string')) as Record<
    string,
    string
  >;
