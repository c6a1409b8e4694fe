import { Ajv, type ErrorObject, type KeywordDefinition } from 'ajv';
import { isDeepStrictEqual } from 'node:util';
import {
  duplicateValue,
  invalidValue,
  mistypedValue,
  requiredValue,
  unsupportedValue,
  type Cause,
} from './api-error.ts';
import { isJsonObject, readPath, type JsonObject } from './object.ts';
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
  ajv.addKeyword(LIST_TYPE);
  ajv.addKeyword({ keyword: 'x-kubernetes-list-map-keys', schemaType: 'array' });
  ajv.addKeyword({ keyword: 'x-omits-empty', schemaType: 'boolean' });
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
  compile(rules: Rule[], _schema, { errSchemaPath }) {
    const fields = rules.map(({ rule }) => fieldsOf(rule));
    // Items of lists and maps have no identity that a transition could be followed by.
    if (/(?<!\/properties)\/(items|additionalProperties)\//.test(errSchemaPath))
      throw unsupported(rules[0]!.rule);
    return function holds(this: unknown, after: JsonObject, context) {
      const before = readPath(this, context!.instancePath.split('/').slice(1));
      if (!isJsonObject(before)) return true;
      const broken = rules.filter((_, i) =>
        fields[i]!.some(name => !isDeepStrictEqual(before[name], after[name])),
      );
      report(
        holds,
        broken.map(({ message }) => ({ keyword: TRANSITION_RULES.keyword, message })),
      );
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

/** No item of a set repeats an earlier one; in a map list it is their keys that count. */
const LIST_TYPE: KeywordDefinition = {
  keyword: 'x-kubernetes-list-type',
  schemaType: 'string',
  type: 'array',
  compile(type: string, schema) {
    const keys = (schema as Schema)['x-kubernetes-list-map-keys'];
    const identity = (item: unknown): unknown =>
      keys === undefined || !isJsonObject(item)
        ? item
        : Object.fromEntries(keys.map(key => [key, item[key]]));
    return function isUnique(items: unknown[]) {
      if (type === 'atomic') return true;
      const ids = new Set<string>();
      const index = items.findIndex(item => ids.size === ids.add(JSON.stringify(identity(item))).size);
      report(isUnique, [
        { keyword: 'x-kubernetes-list-type', params: { index, id: identity(items[index]) } },
      ]);
      return index < 0;
    };
  },
};

/** How a keyword tells Ajv what is wrong. */
const report = (keyword: object, errors: Partial<ErrorObject>[]): object =>
  Object.assign(keyword, { errors });

/** The texts for keywords that set a limit. */
const LIMITS: Record<string, (limit: string) => string> = {
  minimum: limit => `should be greater than or equal to ${limit}`,
  maximum: limit => `should be less than or equal to ${limit}`,
  minLength: limit => `should be at least ${limit} chars long`,
  maxLength: limit => `should be at most ${limit} chars long`,
};

function toCause({ instancePath, keyword, params, data, message }: ErrorObject, root: unknown): Cause {
  const field = toFieldPath(instancePath, root);
  const given = (name: string): string => String(params[name]);
  const inBody = (why: string): Cause => invalidValue(field, data, `${field} in body ${why}`);
  const mistyped = (shown: unknown): Cause =>
    mistypedValue(field, shown, `${field} in body must be of type ${given(keyword)}`);
  switch (keyword) {
    case 'required':
      return requiredValue(join(field, given('missingProperty')));
    case 'type':
      // A value of the wrong type is not shown, only its type: that is what a real server does.
      return mistyped(jsonType(data));
    case 'format':
      // What should be base64 is not shown either: it is the value of a Secret.
      return mistyped(given('format') === 'byte' ? '...' : data);
    case 'enum':
      return unsupportedValue(field, data, params['allowedValues'] as unknown[]);
    case 'pattern':
      return inBody(`should match '${given('pattern')}'`);
    case 'x-kubernetes-list-type':
      return duplicateValue(`${field}[${given('index')}]`, params['id']);
    case TRANSITION_RULES.keyword:
      return invalidValue(field, 'object', message!);
    default:
      return inBody(LIMITS[keyword]?.(given('limit')) ?? message ?? 'is invalid');
  }
}

function jsonType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** `/spec/list/0/name` as `spec.list[0].name`. */
function toFieldPath(pointer: string, root: unknown): string {
  let value = root;
  let path = '';
  for (const segment of pointer.split('/').slice(1)) {
    const name = segment.replaceAll('~1', '/').replaceAll('~0', '~');
    path = Array.isArray(value) ? `${path}[${name}]` : join(path, name);
    value = (value as JsonObject)[name];
  }
  return path;
}
