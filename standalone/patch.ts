import { isDeepStrictEqual } from 'node:util';
import { ApiError, badRequest, unsupportedMediaType } from './api-error.ts';
import type { Kind } from './kinds.ts';
import { isJsonObject, type JsonObject } from './object.ts';
import { applyStrategicMerge } from './strategic-merge.ts';

/** What a patch makes of an object. Throws 400 when it is no patch, and 422 when it does not fit. */
type Patcher = (target: unknown, patch: unknown) => unknown;

/** How a PATCH with a body of that type is applied. Throws 415. */
export function patcherFor(type: string, kind: Kind): Patcher {
  const refuse = (why: string): Error =>
    unsupportedMediaType(
      `the body of the request was in an unsupported format (${type}): ${why}; accepted media types include: application/json-patch+json, application/merge-patch+json`,
    );
  switch (type) {
    case 'application/merge-patch+json':
      return applyMergePatch;
    case 'application/json-patch+json':
      return applyJsonPatch;
    case 'application/strategic-merge-patch+json':
      if (kind.custom) throw refuse('a custom resource takes no strategic merge patch');
      return applyStrategicMerge;
    case 'application/apply-patch+yaml':
      throw refuse('the standalone API knows no server-side apply; use kubectl apply without --server-side');
    default:
      throw refuse('it is no patch');
  }
}

/** RFC 7386: null removes, objects merge, all else replaces. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const merged: JsonObject = isJsonObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = applyMergePatch(merged[name], value);
  }
  return merged;
}

/** One operation of RFC 6902. */
interface Operation {
  path: string;
  from?: unknown;
  value?: unknown;
}

/** Where a JSON pointer leads: to a field or an item, which need not be there. */
interface Place {
  parent: JsonObject | unknown[];
  key: string;
}

/** What a real API server allows. */
const MOST_OPERATIONS = 10_000;

/** RFC 6902. */
export function applyJsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch is a list of operations');
  if (patch.length > MOST_OPERATIONS) {
    throw badRequest(`a JSON patch may have at most ${MOST_OPERATIONS} operations`);
  }
  // The pointer to the whole, '', is the name of a field here.
  const root: JsonObject = { '': structuredClone(target) };
  for (const { op, ...operation } of patch.map(toOperation)) {
    if (!Object.hasOwn(OPERATIONS, op)) throw badRequest(`Unexpected kind: ${op}`);
    OPERATIONS[op]!(root, operation);
  }
  return root[''];
}

function toOperation(value: unknown): Operation & { op: string } {
  const isOperation =
    isJsonObject(value) && typeof value['op'] === 'string' && typeof value['path'] === 'string';
  if (!isOperation) throw badRequest('every operation of a JSON patch needs an "op" and a "path"');
  return value as unknown as Operation & { op: string };
}

const OPERATIONS: Record<string, (root: JsonObject, operation: Operation) => void> = {
  add: (root, { path, value }) => insert(locate(root, path), value),
  remove: (root, { path }) => take(locate(root, path)),
  replace(root, { path, value }) {
    take(locate(root, path));
    insert(locate(root, path), value);
  },
  copy: (root, { path, from }) => insert(locate(root, path), structuredClone(read(locate(root, from)))),
  move(root, { path, from }) {
    const moved = take(locate(root, from));
    insert(locate(root, path), moved);
  },
  test(root, { path, value }) {
    // Not quoting the value, which may be a Secret's.
    if (!isDeepStrictEqual(read(locate(root, path)), value)) throw misfit(`testing value ${path} failed`);
  },
};

const misfit = (why: string): Error =>
  new ApiError(422, 'Invalid', `the patch does not fit the object: ${why}`);

function locate(root: JsonObject, pointer: unknown): Place {
  if (typeof pointer !== 'string' || !/^(\/|$)/.test(pointer))
    throw badRequest(`${JSON.stringify(pointer) ?? 'nothing'} is not a JSON pointer`);
  const keys = pointer.split('/').map(key => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (keys.includes('__proto__')) throw badRequest('the name "__proto__" is not allowed');
  const toPlace = (parent: unknown, key: string): Place => {
    if (Array.isArray(parent) || isJsonObject(parent)) return { parent, key };
    throw misfit(`there is nothing that ${JSON.stringify(key)} could be in`);
  };
  return keys.slice(1).reduce((place, key) => toPlace(read(place), key), toPlace(root, keys[0]!));
}

const isIndex = (key: string, last: number): boolean => /^(0|[1-9]\d*)$/.test(key) && Number(key) <= last;

function read({ parent, key }: Place): unknown {
  const isThere = Array.isArray(parent) ? isIndex(key, parent.length - 1) : Object.hasOwn(parent, key);
  if (!isThere) throw misfit(`there is no ${JSON.stringify(key)}`);
  return (parent as JsonObject)[key];
}

function insert({ parent, key }: Place, value: unknown): void {
  if (!Array.isArray(parent)) parent[key] = value;
  else if (key === '-') parent.push(value);
  else if (isIndex(key, parent.length)) parent.splice(Number(key), 0, value);
  else throw misfit(`there is no index ${key} to add at`);
}

function take(place: Place): unknown {
  const value = read(place);
  if (Array.isArray(place.parent)) place.parent.splice(Number(place.key), 1);
  else delete place.parent[place.key];
  return value;
}
