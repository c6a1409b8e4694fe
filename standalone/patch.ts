import { isDeepStrictEqual } from 'node:util';
import { badRequest } from './api-error.ts';
import { isJsonObject, type JsonObject } from './object.ts';

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
  op: string;
  path: string;
  from?: string;
  value?: unknown;
}

/** Why a JSON patch does not fit the object it is for. */
export class PatchMismatch extends Error {}

/** RFC 6902. Throws 400 when it is no JSON patch and PatchMismatch when it does not fit. */
export function applyJsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch is a list of operations');
  if (patch.length > MOST_OPERATIONS) {
    throw badRequest(`a JSON patch may have at most ${MOST_OPERATIONS} operations`);
  }
  return patch.map(toOperation).reduce(applyOperation, target);
}

/** What a real API server allows. */
const MOST_OPERATIONS = 10_000;

function toOperation(value: unknown): Operation {
  const isOperation =
    isJsonObject(value) && typeof value['op'] === 'string' && typeof value['path'] === 'string';
  if (!isOperation) throw badRequest('every operation of a JSON patch needs an "op" and a "path"');
  return value as unknown as Operation;
}

function applyOperation(target: unknown, operation: Operation): unknown {
  const path = toSegments(operation.path);
  switch (operation.op) {
    case 'add':
      return setAt(target, path, operation.value, { insert: true });
    case 'replace':
      read(target, path);
      return setAt(target, path, operation.value, { insert: false });
    case 'remove':
      return removeAt(target, path);
    case 'copy':
      return setAt(target, path, read(target, fromOf(operation)), { insert: true });
    case 'move':
      return move(target, fromOf(operation), path);
    case 'test':
      if (isDeepStrictEqual(read(target, path), operation.value)) return target;
      throw new PatchMismatch(`testing value ${operation.path} failed`);
    default:
      throw badRequest(`Unexpected kind: ${operation.op}`);
  }
}

function move(target: unknown, from: string[], path: string[]): unknown {
  const value = read(target, from);
  return setAt(removeAt(target, from), path, value, { insert: true });
}

function fromOf({ from }: Operation): string[] {
  if (typeof from !== 'string') throw badRequest('a move or copy operation needs a "from"');
  return toSegments(from);
}

function toSegments(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw badRequest(`${JSON.stringify(pointer)} is not a JSON pointer`);
  const segments = pointer
    .slice(1)
    .split('/')
    .map(segment => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (segments.includes('__proto__')) throw badRequest('the name "__proto__" is not allowed');
  return segments;
}

function read(target: unknown, path: readonly string[]): unknown {
  return path.reduce((value, segment) => {
    if (Array.isArray(value) && isIndex(segment, value.length - 1)) return value[Number(segment)] as unknown;
    if (isJsonObject(value) && Object.hasOwn(value, segment)) return value[segment];
    throw new PatchMismatch(`the path /${path.join('/')} does not exist`);
  }, target);
}

const isIndex = (segment: string, last: number): boolean =>
  /^(0|[1-9]\d*)$/.test(segment) && Number(segment) <= last;

function setAt(target: unknown, path: string[], value: unknown, how: { insert: boolean }): unknown {
  const [segment, ...rest] = path;
  if (segment === undefined) return value;
  if (rest.length > 0) return withChild(target, segment, setAt(read(target, [segment]), rest, value, how));
  if (!Array.isArray(target) || !how.insert) return withChild(target, segment, value);
  if (segment === '-') return [...(target as unknown[]), value];
  if (!isIndex(segment, target.length)) throw new PatchMismatch(`there is no index ${segment} to add at`);
  return target.toSpliced(Number(segment), 0, value);
}

function withChild(target: unknown, segment: string, value: unknown): unknown {
  if (Array.isArray(target)) return target.with(Number(segment), value);
  if (isJsonObject(target)) return { ...target, [segment]: value };
  throw new PatchMismatch(`there is nothing that ${JSON.stringify(segment)} could be added to`);
}

function removeAt(target: unknown, path: string[]): unknown {
  const [segment, ...rest] = path;
  if (segment === undefined) return null;
  const child = read(target, [segment]);
  if (rest.length > 0) return withChild(target, segment, removeAt(child, rest));
  if (Array.isArray(target)) return target.toSpliced(Number(segment), 1);
  const { [segment]: _removed, ...others } = target as JsonObject;
  return others;
}
