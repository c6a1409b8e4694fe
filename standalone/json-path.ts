import { isJsonObject } from './object.ts';

type Step =
  | { type: 'field'; name: string }
  | { type: 'index'; index: number }
  | { type: 'filter'; field: string; value: string };

const STEP = /\.([A-Za-z_][\w-]*)|\['([^']+)'\]|\[(\d+)\]|\[\?\(@\.(\w+)\s*==\s*["']([^"']*)["']\)\]/y;

/**
 * Compiles the subset of JSONPath that printer columns use: `.a.b`, `['a']`, `[0]` and
 * `[?(@.type=="Ready")]`. The result gives the first match, or undefined. Throws on anything else, so that
 * a column that would stay empty is noticed at start-up.
 */
export function compileJsonPath(path: string): (object: unknown) => unknown {
  const steps = parseSteps(path);
  return object => steps.reduce<unknown>((value, step) => take(value, step), object);
}

function parseSteps(path: string): Step[] {
  const steps: Step[] = [];
  const pattern = new RegExp(STEP);
  while (pattern.lastIndex < path.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(path);
    if (match === null) throw new Error(`JSONPath ${path} is not supported at position ${at}.`);
    steps.push(toStep(match));
  }
  return steps;
}

function toStep([, field, quoted, index, filterField, filterValue]: RegExpExecArray): Step {
  if (index !== undefined) return { type: 'index', index: Number(index) };
  if (filterField !== undefined) return { type: 'filter', field: filterField, value: filterValue! };
  return { type: 'field', name: field ?? quoted! };
}

function take(value: unknown, step: Step): unknown {
  switch (step.type) {
    case 'field':
      return isJsonObject(value) && Object.hasOwn(value, step.name) ? value[step.name] : undefined;
    case 'index':
      return Array.isArray(value) ? value[step.index] : undefined;
    case 'filter':
      return Array.isArray(value)
        ? value.find(item => isJsonObject(item) && item[step.field] === step.value)
        : undefined;
  }
}
