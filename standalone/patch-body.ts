import type { IncomingMessage } from 'node:http';
import { invalid, unsupportedMediaType } from './api-error.ts';
import { contentType, parseBody, readBody } from './body.ts';
import type { Kind } from './kinds.ts';
import type { ApiObject } from './object.ts';
import { applyJsonPatch, applyMergePatch, PatchMismatch } from './patch.ts';
import { applyStrategicMerge } from './strategic-merge.ts';

/** What a PATCH's body stands for. */
export interface Patch {
  /** Throws 400 or 422. */
  apply: (object: ApiObject) => unknown;
  duplicates: string[];
}

/** Reads a PATCH's body. Throws 400, 413 or 415. */
export async function readPatch(request: IncomingMessage, kind: Kind): Promise<Patch> {
  const type = contentType(request);
  const applyTo = patcherFor(type, kind);
  const { value, duplicates } = parseBody(await readBody(request), type);
  return { apply: object => applyTo(object, value), duplicates };
}

function patcherFor(type: string, kind: Kind): (object: ApiObject, patch: unknown) => unknown {
  switch (type) {
    case 'application/merge-patch+json':
      return applyMergePatch;
    case 'application/json-patch+json':
      return (object, patch) => applyFittingPatch(kind, object, patch);
    case 'application/strategic-merge-patch+json':
      if (kind.custom) throw unsupportedPatch(type, 'a custom resource takes no strategic merge patch');
      return applyStrategicMerge;
    case 'application/apply-patch+yaml':
      throw unsupportedPatch(
        type,
        'the standalone API knows no server-side apply; use kubectl apply without --server-side',
      );
    default:
      throw unsupportedPatch(type, 'it is no patch');
  }
}

const unsupportedPatch = (type: string, why: string): Error =>
  unsupportedMediaType(
    `the body of the request was in an unsupported format (${type}): ${why}; accepted media types include: application/json-patch+json, application/merge-patch+json`,
  );

function applyFittingPatch(kind: Kind, object: ApiObject, patch: unknown): unknown {
  try {
    return applyJsonPatch(object, patch);
  } catch (error) {
    if (!(error instanceof PatchMismatch)) throw error;
    // Not quoting the patch, which may be for a Secret.
    throw invalid(kind, object.metadata.name, [
      { reason: 'FieldValueInvalid', message: error.message, field: 'patch' },
    ]);
  }
}
