import { isDeepStrictEqual } from 'node:util';
import { ApiError, badRequest } from './api-error.ts';
import { measure, MOST_BYTES, tooLarge } from './bounds.ts';
import { isJsonObject, type JsonObject } from './object.ts';

// Of our own: the libraries for it bound neither what copies add up to nor, comparing lists, time and memory.

/** One operation of RFC 6902. */
interface Operation {
  op: string;
  path: string;
  from?: unknown;
  value?: unknown;
}

/** Where a JSON pointer leads: to a field or an item, which need not be there. */
interface Place {
  parent: JsonObject | unknown[];
  key: string;
}

/** The document in the field that the pointer to the whole, '', names; and what the patch has cost so far. */
interface Target {
  root: JsonObject;
  copiedBytes: number;
  movedItems: number;
}

/** What a real API server allows. */
const MOST_OPERATIONS = 10_000;
/** How far items of lists may be moved to make room or to fill it, all in all: it takes a tenth of a second. */
const MOST_MOVED_ITEMS = 100_000_000;

/**
 * RFC 6902. Throws 400 for what is no patch, 413 for one whose copies add up to more than an object may have, and 422
 * for one that does not fit.
 */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch is a list of operations');
  if (patch.length > MOST_OPERATIONS)
    throw tooLong(`a JSON patch may have at most ${MOST_OPERATIONS} operations`);
  const target: Target = { root: { '': structuredClone(document) }, copiedBytes: 0, movedItems: 0 };
  // What it adds may be changed by a later operation, and is the caller's.
  for (const operation of structuredClone(patch).map(toOperation))
    OPERATIONS[operation.op]!(target, operation);
  measure(target.root['']);
  return target.root[''];
}

function toOperation(value: unknown): Operation {
  const isOperation =
    isJsonObject(value) && typeof value['op'] === 'string' && typeof value['path'] === 'string';
  if (!isOperation) throw badRequest('every operation of a JSON patch needs an "op" and a "path"');
  const operation = value as unknown as Operation;
  if (!Object.hasOwn(OPERATIONS, operation.op)) throw badRequest(`Unexpected kind: ${operation.op}`);
  if (WITH_VALUE.includes(operation.op) && !Object.hasOwn(value, 'value'))
    throw badRequest(`the operation "${operation.op}" of a JSON patch needs a "value"`);
  return operation;
}

const WITH_VALUE = ['add', 'replace', 'test'];
const OPERATIONS: Record<string, (target: Target, operation: Operation) => void> = {
  add: (target, { path, value }) => insert(target, path, value),
  remove: (target, { path }) => void take(target, path),
  replace(target, { path, value }) {
    const place = locate(target, path);
    read(place);
    (place.parent as JsonObject)[place.key] = value;
  },
  copy(target, { path, from }) {
    const value = read(locate(target, from));
    target.copiedBytes += measure(value);
    if (target.copiedBytes > MOST_BYTES) throw tooLarge('What the JSON patch copies is');
    insert(target, path, structuredClone(value));
  },
  move(target, { path, from }) {
    if (path.startsWith(`${String(from)}/`)) throw misfit('nothing can be moved into itself');
    insert(target, path, take(target, from));
  },
  test(target, { path, value }) {
    // Not quoting the value, which may be a Secret's.
    if (!isDeepStrictEqual(read(locate(target, path)), value)) throw misfit(`testing value ${path} failed`);
  },
};

const misfit = (why: string): Error =>
  new ApiError(422, 'Invalid', `the patch does not fit the object: ${why}`);

function locate({ root }: Target, pointer: unknown): Place {
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

function insert(target: Target, path: string, value: unknown): void {
  const { parent, key } = locate(target, path);
  if (!Array.isArray(parent)) parent[key] = value;
  else if (key === '-') parent.push(value);
  else if (isIndex(key, parent.length)) splice(target, parent, Number(key), 0, value);
  else throw misfit(`there is no index ${key} to add at`);
}

function take(target: Target, path: unknown): unknown {
  const place = locate(target, path);
  const value = read(place);
  if (Array.isArray(place.parent)) splice(target, place.parent, Number(place.key), 1);
  else delete place.parent[place.key];
  return value;
}

function splice(target: Target, list: unknown[], index: number, removed: number, ...added: unknown[]): void {
  target.movedItems += list.length - index;
  if (target.movedItems > MOST_MOVED_ITEMS)
    throw tooLong('the JSON patch changes lists that are too long in too many places');
  list.splice(index, removed, ...added);
}

const tooLong = (why: string): Error => new ApiError(413, 'RequestEntityTooLarge', why);
