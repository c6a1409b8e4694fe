import { Ajv, type ErrorObject, type KeywordDefinition } from 'ajv';
import { isDeepStrictEqual } from 'node:util';
import { invalidValue, requiredValue, unsupportedValue, type Cause } from './api-error.ts';
import { isJsonObject, readPath } from './object.ts';
import type { Schema } from './schema.ts';

/** Every way in which a value breaks its schema, or the rules for changing `before` into it. */
export type Validator = (value: unknown, before?: unknown) => Cause[];

/**
 * Compiles a schema. An unknown keyword, format or rule throws: a constraint that nobody checks must not pass for
 * one that holds. The texts are those of a real API server.
 */
export function compileSchema(schema: Schema): Validator {
  const validate = newAjv().compile(schema);
  return (value, before) => {
    if (validate.call(before, value)) return [];
    const errors = validate.errors ?? [];
    // As on a real server, rules run only over what the rest of the schema accepts.
    const others = errors.filter(({ keyword }) => keyword !== TRANSITION_RULES.keyword);
    return (others.length > 0 ? others : errors).map(error => toCause(error, value));
  };
}

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function newAjv(): Ajv {
  const ajv = new Ajv({
    allErrors: true,
    strict: true,
    allowMatchingProperties: true,
    verbose: true,
    passContext: true,
  });
  ajv.addFormat('int32', { type: 'number', validate: value => value >= -(2 ** 31) && value < 2 ** 31 });
  ajv.addFormat('int64', { type: 'number', validate: Number.isSafeInteger });
  ajv.addFormat('date-time', value => RFC_3339.test(value) && !Number.isNaN(Date.parse(value)));
  ajv.addFormat('byte', BASE64);
  ajv.addKeyword(TRANSITION_RULES);
  ajv.addKeyword({ keyword: 'x-kubernetes-list-map-keys', schemaType: 'array' });
  ajv.addKeyword({
    keyword: 'x-kubernetes-list-type',
    schemaType: 'string',
    type: 'array',
    validate: (type: string, items: unknown[], parent?: object) =>
      type === 'atomic' || duplicateOf(items, listKeys(parent)) === undefined,
  });
  return ajv;
}

interface Rule {
  rule: string;
  message: string;
}

const EQUALITY = /^self\.(\w+)\s*==\s*oldSelf\.\1$/;

/** Of CEL only `self.a == oldSelf.a`, joined by `&&`, is understood. */
const TRANSITION_RULES = {
  keyword: 'x-kubernetes-validations',
  schemaType: 'array',
  type: 'object',
  compile: (rules: Rule[], _schema, { errSchemaPath }) => {
    const fields = rules.map(({ rule }) => fieldsOf(rule));
    // Items of lists and maps have no identity that a transition could be followed by.
    if (/(?<!\/properties)\/(items|additionalProperties)\//.test(errSchemaPath))
      throw unsupported(rules[0]!.rule);
    return function holds(this: unknown, after: Record<string, unknown>, context) {
      const before = readPath(this, context!.instancePath.split('/').slice(1));
      if (!isJsonObject(before)) return true;
      const broken = rules.filter((_, i) =>
        fields[i]!.some(name => !isDeepStrictEqual(before[name], after[name])),
      );
      Object.assign(holds, {
        errors: broken.map(({ message }) => ({ keyword: 'x-kubernetes-validations', message })),
      });
      return broken.length === 0;
    };
  },
} satisfies KeywordDefinition;

function fieldsOf(rule: string): string[] {
  return rule.split('&&').map(part => {
    const name = EQUALITY.exec(part.trim())?.[1];
    if (name === undefined) throw unsupported(rule);
    return name;
  });
}

const unsupported = (rule: string): Error =>
  new Error(`The standalone API cannot enforce the rule "${rule}": it knows only self.x == oldSelf.x.`);

const listKeys = (schema: object | undefined): string[] | undefined =>
  (schema as Schema | undefined)?.['x-kubernetes-list-map-keys'];

/** The index of the first item that repeats an earlier one, by its keys in a map list, else as a whole. */
function duplicateOf(items: readonly unknown[], keys: string[] | undefined): number | undefined {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const id = JSON.stringify(identity(item, keys));
    if (seen.has(id)) return index;
    seen.add(id);
  }
  return undefined;
}

const identity = (item: unknown, keys: string[] | undefined): unknown =>
  keys === undefined || !isJsonObject(item) ? item : Object.fromEntries(keys.map(key => [key, item[key]]));

function toCause(error: ErrorObject, root: unknown): Cause {
  const field = toFieldPath(error.instancePath, root);
  const value: unknown = error.data;
  const inBody = (why: string): Cause => invalidValue(field, value, `${field} in body ${why}`);
  switch (error.keyword) {
    case 'required':
      return requiredValue(join(field, String(error.params['missingProperty'])));
    case 'type':
      return typeCause(field, String(error.params['type']), value);
    case 'format':
      return formatCause(field, String(error.params['format']), value);
    case 'enum':
      return unsupportedValue(field, value, error.params['allowedValues'] as unknown[]);
    case 'minimum':
      return inBody(`should be greater than or equal to ${String(error.params['limit'])}`);
    case 'maximum':
      return inBody(`should be less than or equal to ${String(error.params['limit'])}`);
    case 'minLength':
      return inBody(`should be at least ${String(error.params['limit'])} chars long`);
    case 'maxLength':
      return inBody(`should be at most ${String(error.params['limit'])} chars long`);
    case 'pattern':
      return inBody(`should match '${String(error.params['pattern'])}'`);
    case TRANSITION_RULES.keyword:
      return invalidValue(field, 'object', error.message!);
    case 'x-kubernetes-list-type':
      return duplicateCause(field, value as unknown[], error.parentSchema as Schema);
    default:
      return inBody(error.message ?? 'is invalid');
  }
}

/** What should be base64 is not shown: it is the value of a Secret. */
function formatCause(field: string, format: string, value: unknown): Cause {
  const shown = format === 'byte' ? '...' : value;
  return invalidValue(field, shown, `${field} in body must be of type ${format}: ${JSON.stringify(shown)}`);
}

/** A value of the wrong type is not shown, only its type: that is what a real server does. */
function typeCause(field: string, type: string, value: unknown): Cause {
  const given = jsonType(value);
  return {
    reason: 'FieldValueTypeInvalid',
    message: `Invalid value: "${given}": ${field} in body must be of type ${type}: "${given}"`,
    field,
  };
}

function jsonType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

function duplicateCause(field: string, items: unknown[], schema: Schema): Cause {
  const keys = schema['x-kubernetes-list-map-keys'];
  const index = duplicateOf(items, keys)!;
  return {
    reason: 'FieldValueDuplicate',
    message: `Duplicate value: ${JSON.stringify(identity(items[index], keys))}`,
    field: `${field}[${index}]`,
  };
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** `/spec/list/0/name` as `spec.list[0].name`. */
function toFieldPath(pointer: string, root: unknown): string {
  let value = root;
  let path = '';
  for (const segment of pointer.split('/').slice(1)) {
    const name = segment.replaceAll('~1', '/').replaceAll('~0', '~');
    path = Array.isArray(value) ? `${path}[${name}]` : join(path, name);
    value = (value as Record<string, unknown>)[name];
  }
  return path;
}
