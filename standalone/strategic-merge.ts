import { badRequest } from './api-error.ts';
import { isJsonObject, type JsonObject } from './object.ts';

/** The lists that merge instead of being replaced, in the built-in kinds: by that key, or as a set of texts. */
const MERGED_LISTS: Record<string, string | undefined> = {
  'metadata.ownerReferences': 'uid',
  'metadata.finalizers': undefined,
  'status.conditions': 'type',
};

/** Kubernetes' strategic merge patch, for the built-in kinds of this server. Throws 400 on odd directives. */
export function applyStrategicMerge(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) throw badRequest('a strategic merge patch is an object');
  return mergeObject(isJsonObject(target) ? target : {}, patch, '');
}

function mergeObject(target: JsonObject, patch: JsonObject, path: string): JsonObject {
  const directive = patch['$patch'];
  if (directive === 'delete') return {};
  const merged: JsonObject = directive === 'replace' ? {} : { ...target };
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith('$')) applyDirective(merged, name, value);
    else if (value === null) delete merged[name];
    else merged[name] = mergeValue(merged[name], value, path === '' ? name : `${path}.${name}`);
  }
  return merged;
}

function applyDirective(merged: JsonObject, name: string, value: unknown): void {
  const [directive, list = ''] = name.split('/');
  if (directive === '$patch' || directive === '$setElementOrder') return;
  if (directive !== '$deleteFromPrimitiveList' || !Array.isArray(value))
    throw badRequest(`unknown directive ${JSON.stringify(name)} in a strategic merge patch`);
  const [items, unwanted] = [merged[list], new Set(value)];
  if (Array.isArray(items)) merged[list] = items.filter(item => !unwanted.has(item));
}

function mergeValue(target: unknown, patch: unknown, path: string): unknown {
  if (isJsonObject(patch)) return mergeObject(isJsonObject(target) ? target : {}, patch, path);
  if (!Array.isArray(patch) || !Object.hasOwn(MERGED_LISTS, path)) return patch;
  const items: unknown[] = Array.isArray(target) ? target : [];
  const key = MERGED_LISTS[path];
  if (key === undefined) return [...new Set([...items, ...(patch as unknown[])])];
  return mergeItems(items, patch, key, path);
}

/** In time that grows with the lists, not with their product. */
function mergeItems(items: unknown[], patch: unknown[], key: string, path: string): unknown[] {
  const keyOf = (item: unknown): unknown => (isJsonObject(item) ? item[key] : undefined);
  const merged = new Map(items.map(item => [keyOf(item), item]));
  for (const item of patch) {
    if (!isJsonObject(item) || !(key in item))
      throw badRequest(`an item of ${path} does not contain the merge key ${key}`);
    const current = merged.get(item[key]);
    if (item['$patch'] === 'delete') merged.delete(item[key]);
    else merged.set(item[key], mergeObject(isJsonObject(current) ? current : {}, item, `${path}[]`));
  }
  return [...merged.values()];
}
