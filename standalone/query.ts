import {
  badRequest,
  forbiddenValue,
  invalid,
  invalidValue,
  unsupportedValue,
  type Cause,
} from './api-error.ts';
import type { DeleteOptions, PropagationPolicy } from './transitions.ts';
import type { ListOptions } from './list.ts';
import { isJsonObject, type JsonObject } from './object.ts';
import type { WriteOptions } from './resources.ts';

/** Throws 422 for a value that is none of those known. */
function oneOf<const T extends string>(kind: string, field: string, value: unknown, known: T[]): T {
  const found = known.find(one => one === value);
  if (found === undefined) throw invalidOption(kind, unsupportedValue(field, value, known));
  return found;
}

/** The options of POST, PUT and PATCH. Throws 422. */
export function writeOptions(query: URLSearchParams): Pick<WriteOptions, 'dryRun' | 'fieldValidation'> {
  const fieldValidation = query.get('fieldValidation') || 'Warn';
  return {
    dryRun: isDryRun(query.getAll('dryRun')),
    fieldValidation: oneOf('PatchOptions', 'fieldValidation', fieldValidation, ['Ignore', 'Strict', 'Warn']),
  };
}

function isDryRun(values: unknown[]): boolean {
  const given = values.filter(value => value !== '');
  return given.map(value => oneOf('PatchOptions', 'dryRun', value, ['All'])).length > 0;
}

/** The options of a list. Throws 400 or 422. */
export function listOptions(query: URLSearchParams): ListOptions {
  const resourceVersion = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  if (match !== '' && resourceVersion === '') {
    throw forbiddenMatch('resourceVersionMatch is forbidden unless resourceVersion is provided');
  }
  oneOf('ListOptions', 'resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']);
  if (match === 'Exact' && resourceVersion === '0') {
    throw forbiddenMatch('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  return {
    limit: wholeNumber(query, 'limit'),
    continue: query.get('continue') ?? '',
    resourceVersion,
    isExact: match === 'Exact',
  };
}

const forbiddenMatch = (why: string): Error =>
  invalidOption('ListOptions', forbiddenValue('resourceVersionMatch', why));

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

/** 422 for streaming lists: kubectl then lists first. */
export function refuseInitialEvents(query: URLSearchParams): void {
  if (!query.has('sendInitialEvents')) return;
  const why = 'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled';
  throw invalidOption('ListOptions', forbiddenValue('sendInitialEvents', why));
}

/** The options of a DELETE, from its body or else its query. Throws 400 or 422. */
export function deleteOptions(query: URLSearchParams, body: unknown): DeleteOptions {
  if (body !== undefined && !isJsonObject(body)) throw badRequest('the body is not a DeleteOptions');
  const options: JsonObject = body ?? {};
  const dryRun = Array.isArray(options['dryRun']) ? options['dryRun'] : query.getAll('dryRun');
  return {
    dryRun: isDryRun(dryRun as unknown[]),
    propagationPolicy: propagationPolicy(options, query),
    preconditions: preconditions(options['preconditions']),
  };
}

function propagationPolicy(options: JsonObject, query: URLSearchParams): PropagationPolicy | undefined {
  const policy = options['propagationPolicy'] ?? query.get('propagationPolicy') ?? '';
  if (policy === '') return options['orphanDependents'] === true ? 'Orphan' : undefined;
  if (typeof options['orphanDependents'] === 'boolean') {
    const why = 'orphanDependents and deletionPropagation cannot be both set';
    throw invalidOption('DeleteOptions', invalidValue('propagationPolicy', policy, why));
  }
  return oneOf('DeleteOptions', 'propagationPolicy', policy, ['Foreground', 'Background', 'Orphan']);
}

function preconditions(given: unknown): DeleteOptions['preconditions'] {
  const { uid, resourceVersion } = isJsonObject(given) ? given : {};
  return {
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
  };
}

const invalidOption = (kind: string, cause: Cause): Error =>
  invalid({ group: 'meta.k8s.io', kind }, '', [cause]);
