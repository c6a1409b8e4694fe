import { isDeepStrictEqual } from 'node:util';

type Fields = Readonly<Record<string, unknown>>;

/**
 * What `mine` changes of `base`, done to `theirs`, field by field: what it sets is set; what it leaves out goes, unless
 * that is another by now. An object without a field is left out.
 */
export function rebase(base: Fields, mine: Fields, theirs: Fields): Record<string, unknown> {
  const result = { ...theirs };
  for (const field of new Set([...Object.keys(base), ...Object.keys(mine)])) {
    if (isDeepStrictEqual(base[field], mine[field])) continue;
    const value = rebaseField(base[field], mine[field], theirs[field]);
    if (value === undefined || isEmpty(value)) delete result[field];
    else result[field] = value;
  }
  return result;
}

function rebaseField(base: unknown, mine: unknown, theirs: unknown): unknown {
  if ([base, mine, theirs].every(isFieldsOrNothing))
    return rebase((base ?? {}) as Fields, (mine ?? {}) as Fields, (theirs ?? {}) as Fields);
  return mine === undefined && !isDeepStrictEqual(base, theirs) ? theirs : mine;
}

const isFieldsOrNothing = (value: unknown): boolean =>
  value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value));

/** Whether it is an object, or a list, of nothing. */
export const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;
