import { isDeepStrictEqual } from 'node:util';
import { invalidValue, type Cause } from './api-error.ts';
import { isJsonObject, readPath } from './object.ts';
import type { Schema } from './schema.ts';

/** Checks an update against the transition rules of a schema. */
export type RuleCheck = (before: unknown, after: unknown) => Cause[];

const EQUALITY = /^self\.(\w+)\s*==\s*oldSelf\.(\w+)$/;

/**
 * Compiles the `x-kubernetes-validations` of a schema. Of CEL only `self.a == oldSelf.a`, joined by `&&`, is
 * understood. Any other rule throws, so that a CRD with a new kind of rule is noticed at start-up instead of
 * going unenforced.
 */
export function compileRules(schema: Schema, path: readonly string[] = []): RuleCheck {
  const checks = (schema['x-kubernetes-validations'] ?? []).map(rule => compileRule(rule, path));
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    checks.push(compileRules(field, [...path, name]));
  }
  const inner = schema.items ?? schema.additionalProperties;
  if (inner !== undefined) refuseRules(inner);
  return (before, after) => checks.flatMap(check => check(before, after));
}

function compileRule(
  { rule, message }: { rule: string; message: string },
  path: readonly string[],
): RuleCheck {
  const fields = rule.split('&&').map(part => {
    const match = EQUALITY.exec(part.trim());
    if (match === null || match[1] !== match[2]) throw unsupported(rule);
    return match[1]!;
  });
  return (before, after) => {
    const [was, is] = [readPath(before, path), readPath(after, path)];
    if (!isJsonObject(was) || !isJsonObject(is)) return [];
    const holds = fields.every(field => isDeepStrictEqual(was[field], is[field]));
    return holds ? [] : [{ ...invalidValue(path.join('.'), 'object', message) }];
  };
}

/** Items of lists and maps have no identity that a transition could be followed by. */
function refuseRules(schema: Schema): void {
  const [rule] = schema['x-kubernetes-validations'] ?? [];
  if (rule !== undefined) throw unsupported(rule.rule);
  for (const inner of [
    schema.items,
    schema.additionalProperties,
    ...Object.values(schema.properties ?? {}),
  ]) {
    if (inner !== undefined) refuseRules(inner);
  }
}

const unsupported = (rule: string): Error =>
  new Error(`The standalone API cannot enforce the rule "${rule}": it knows only self.x == oldSelf.x.`);
