import { unsupportedMediaType } from './api-error.ts';
import { applyJsonPatch } from './json-patch.ts';
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
