type Json = null | string | number | boolean | Json[] | { [name: string]: Json | undefined };
type JsonObject = { [name: string]: Json | undefined };

/**
 * The merge patch (RFC 7386) that makes `to` of those fields of `from`; undefined when they are the same. What `to`
 * has not is taken out, also further down, where a merge would otherwise keep it.
 */
export function mergePatch(from: object, to: object, fields: readonly string[]): JsonObject | undefined {
  const [before, after] = [from as JsonObject, to as JsonObject];
  const patch: JsonObject = {};
  for (const field of fields) {
    const change = changeOf(before[field], after[field]);
    if (change !== undefined) patch[field] = change;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function changeOf(before: Json | undefined, after: Json | undefined): Json | undefined {
  if (after === undefined) return before === undefined ? undefined : null;
  if (isObject(before) && isObject(after))
    return mergePatch(before, after, [...new Set([...Object.keys(before), ...Object.keys(after)])]);
  return JSON.stringify(before) === JSON.stringify(after) ? undefined : after;
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
