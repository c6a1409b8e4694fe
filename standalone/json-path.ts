import { isJsonObject, readPath } from './object.ts';

const STEP = /((?:\.[A-Za-z_][\w-]*)+)|\[\?\(@\.(\w+)\s*==\s*["']([^"']*)["']\)\]/y;

/**
 * Compiles the subset of JSONPath that printer columns use: `.a.b` and `[?(@.type=="Ready")]`. The result gives the first
 * match, or undefined. Throws on anything else, so that a column that would stay empty is noticed at start-up.
 */
export function compileJsonPath(path: string): (object: unknown) => unknown {
  const steps: ((value: unknown) => unknown)[] = [];
  const pattern = new RegExp(STEP);
  while (pattern.lastIndex < path.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(path);
    if (match === null) throw new Error(`JSONPath ${path} is not supported at position ${at}.`);
    const [, fields, key, wanted] = match;
    if (fields !== undefined) steps.push(value => readPath(value, fields.split('.').slice(1)));
    else steps.push(value => findItem(value, key!, wanted!));
  }
  return object => steps.reduce((value, step) => step(value), object);
}

const findItem = (list: unknown, key: string, wanted: string): unknown =>
  Array.isArray(list) ? list.find(item => isJsonObject(item) && item[key] === wanted) : undefined;
