import { isDeepStrictEqual } from 'node:util';
import * as cause from './cause.ts';
import type { Cause } from './cause.ts';
import { isEmpty, isJsonObject, type JsonObject } from './object.ts';
import type { Schema } from './schema.ts';

/** What a schema makes of a value, or of changing `before` into it. */
export interface Verdict {
  /** Without what the schema does not name, and with its defaults where fields are absent. */
  value: unknown;
  /** The paths of what the schema does not name. */
  unknownFields: string[];
  /** Every way in which the value breaks the schema. The texts are those of a real API server. */
  causes: Cause[];
}

/**
 * Prunes, defaults and validates in one walk. In a built-in kind (`dropNulls`) a null is the same as nothing, as it is
 * for Go's structs; in a custom one it is so only where there is a default to take its place.
 */
export type Validator = (value: unknown, before: unknown, dropNulls: boolean) => Verdict;

/**
 * Throws for an unknown keyword, format or rule: a constraint that nobody checks must not pass for one that holds.
 */
export function compileSchema(schema: Schema): Validator {
  const visit = compile(schema, false);
  return (value, before, dropNulls) => {
    const found: Found = { unknownFields: [], causes: [], brokenRules: [] };
    const shaped = visit(value, { before, path: '', dropNulls }, found);
    // As on a real server, rules run only over what the rest of the schema accepts.
    const causes = found.causes.length > 0 ? found.causes : found.brokenRules;
    return { value: shaped, unknownFields: found.unknownFields, causes };
  };
}

type Keywords = Record<string, (limit: never, value: never, field: string, schema: Schema) => Cause[]>;

const inBody = (says: string, value: unknown, field: string): Cause[] => [
  cause.invalid(field, value, `${field} in body should ${says}`),
];
const mistyped = (value: unknown, field: string, type: string): Cause =>
  cause.mistyped(field, value, `${field} in body must be of type ${type}`);

/** What each keyword, besides `type`, says of a value. */
const CONSTRAINTS = {
  minimum: (limit: number, value: number, field) =>
    value >= limit ? [] : inBody(`be greater than or equal to ${limit}`, value, field),
  maximum: (limit: number, value: number, field) =>
    value <= limit ? [] : inBody(`be less than or equal to ${limit}`, value, field),
  minLength: (limit: number, value: string, field) =>
    Array.from(value).length >= limit ? [] : inBody(`be at least ${limit} chars long`, value, field),
  maxLength: (limit: number, value: string, field) =>
    Array.from(value).length <= limit ? [] : inBody(`be at most ${limit} chars long`, value, field),
  maxItems: (limit: number, value: unknown[], field) =>
    value.length <= limit ? [] : inBody(`have at most ${limit} items`, value, field),
  maxProperties: (limit: number, value: JsonObject, field) =>
    Object.keys(value).length <= limit ? [] : inBody(`have at most ${limit} properties`, value, field),
  pattern: (limit: string, value: string, field) =>
    new RegExp(limit, 'u').test(value) ? [] : inBody(`match '${limit}'`, value, field),
  enum: (limit: unknown[], value: unknown, field) =>
    limit.includes(value) ? [] : [cause.unsupported(field, value, limit)],
  // What should be base64 is not shown: it is the value of a Secret.
  format: (limit: string, value: unknown, field) =>
    FORMATS[limit]!(value as string) ? [] : [mistyped(limit === 'byte' ? '...' : value, field, limit)],
  required: (limit: string[], value: JsonObject, field) =>
    limit.filter(name => !Object.hasOwn(value, name)).map(name => cause.required(join(field, name))),
  'x-kubernetes-list-type': (limit: string, value: unknown[], field, schema) =>
    limit === 'atomic' ? [] : duplicatesIn(value, field, schema['x-kubernetes-list-map-keys']),
} satisfies Keywords;

/** Keywords that are seen to elsewhere, or that constrain nothing. */
const OTHER_KEYWORDS = [
  'type',
  'properties',
  'items',
  'additionalProperties',
  'default',
  'description',
  'x-omits-empty',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-validations',
];

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const FORMATS: Record<string, (value: string) => boolean> = {
  int32: value => Number(value) >= -(2 ** 31) && Number(value) < 2 ** 31,
  int64: Number.isSafeInteger,
  'date-time': value => RFC_3339.test(value) && !Number.isNaN(Date.parse(value)),
  byte: value => BASE64.test(value),
};

/** No item of a set repeats an earlier one; in a map list it is their keys that count. */
function duplicatesIn(items: unknown[], field: string, keys: string[] | undefined): Cause[] {
  const identity = (item: unknown): unknown =>
    keys && isJsonObject(item) ? Object.fromEntries(keys.map(key => [key, item[key]])) : item;
  const seen = new Set<string>();
  const index = items.findIndex(item => seen.size === seen.add(JSON.stringify(identity(item))).size);
  return index < 0 ? [] : [cause.duplicate(`${field}[${index}]`, identity(items[index]))];
}

interface Found {
  unknownFields: string[];
  causes: Cause[];
  brokenRules: Cause[];
}

/** Where a value is. */
interface Place {
  before: unknown;
  path: string;
  dropNulls: boolean;
}

/** Returns what becomes of the value. */
type Visit = (value: unknown, place: Place, found: Found) => unknown;

/** Whether a value that says nothing says it in the field's own type; null does for all. */
const isOf = ({ type }: Schema, value: unknown): boolean => value === null || jsonType(value) === type;

/** `isItem`: items of lists and maps have no identity that a change could be followed by. */
function compile(schema: Schema, isItem: boolean): Visit {
  const { type, items } = schema;
  const constraints = Object.entries(schema).filter(([keyword]) => !OTHER_KEYWORDS.includes(keyword));
  for (const [keyword, limit] of constraints)
    if (
      !Object.hasOwn(CONSTRAINTS, keyword) ||
      (keyword === 'format' && !Object.hasOwn(FORMATS, String(limit)))
    )
      throw new Error(`The standalone API cannot enforce ${keyword}: ${JSON.stringify(limit)} in a schema.`);
  const visitFields = type === 'object' ? compileFields(schema, isItem) : undefined;
  const visitItem = items && compile(items, true);
  return (value, place, found) => {
    const { path, dropNulls } = place;
    const given = jsonType(value);
    if (given !== type && !(given === 'integer' && type === 'number')) {
      // It is not shown, only its type: that is what a real server does.
      found.causes.push(mistyped(given, path, type));
      return value;
    }
    const shaped = visitFields?.(value as JsonObject, place, found) ?? value;
    for (const [keyword, limit] of constraints)
      found.causes.push(
        ...(CONSTRAINTS as Keywords)[keyword]!(limit as never, shaped as never, path, schema),
      );
    if (visitItem === undefined) return shaped;
    return (shaped as unknown[]).map((item, i) =>
      visitItem(item, { before: undefined, path: `${path}[${i}]`, dropNulls }, found),
    );
  };
}

function compileFields(schema: Schema, isItem: boolean) {
  const { properties = {}, additionalProperties } = schema;
  const omitsEmpty = schema['x-omits-empty'] === true;
  const rules = (schema['x-kubernetes-validations'] ?? []).map(rule => compileRule(rule, isItem));
  const compileField = (field: Schema, isItem: boolean) => ({ ...field, visit: compile(field, isItem) });
  const fields = new Map(
    Object.entries(properties).map(([name, field]) => [name, compileField(field, isItem)]),
  );
  const others = additionalProperties && compileField(additionalProperties, true);
  const withDefaults = [...fields].filter(([, field]) => field.default !== undefined);
  return (object: JsonObject, { before, path, dropNulls }: Place, found: Found): JsonObject => {
    const old = isJsonObject(before) ? before : {};
    const placeOf = (name: string): Place => ({
      before: old[name],
      path: join(path, name),
      dropNulls: dropNulls || omitsEmpty,
    });
    const kept: JsonObject = {};
    for (const [name, value] of Object.entries(object)) {
      const field = fields.get(name) ?? others;
      if (field === undefined) found.unknownFields.push(join(path, name));
      else if (omitsEmpty && field.properties === undefined && isEmpty(value) && isOf(field, value)) continue;
      else if (value !== null || !(dropNulls || omitsEmpty || field.default !== undefined))
        kept[name] = field.visit(value, placeOf(name), found);
    }
    for (const [name, field] of withDefaults)
      if (!Object.hasOwn(kept, name)) kept[name] = field.visit(field.default, placeOf(name), found);
    if (isJsonObject(before))
      for (const { names, message } of rules)
        if (names.some(name => !isDeepStrictEqual(old[name], kept[name])))
          found.brokenRules.push(cause.invalid(path, 'object', message));
    return kept;
  };
}

/** Of CEL only `self.a == oldSelf.a`, joined by `&&`, is understood. */
function compileRule({ rule, message }: { rule: string; message: string }, isItem: boolean) {
  const names = rule.split('&&').map(part => /^self\.(\w+)\s*==\s*oldSelf\.\1$/.exec(part.trim())?.[1] ?? '');
  if (isItem || names.includes(''))
    throw new Error(
      `The standalone API cannot enforce the rule "${rule}": it knows only self.x == oldSelf.x.`,
    );
  return { names, message };
}

function jsonType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);
