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

/** Of CEL only `self.a == oldSelf.a`, joined by `&&`, is understood; undefined when it is something else. */
function unchangeableFields(rule: string): string[] | undefined {
  const names = rule.split('&&').map(part => /^self\.(\w+)\s*==\s*oldSelf\.\1$/.exec(part.trim())?.[1]);
  return names.includes(undefined) ? undefined : (names as string[]);
}

/**
 * Throws for an unknown keyword, format or rule: a constraint that nobody checks must not pass for one that holds.
 * `isItem`: items of lists and maps have no identity that a change could be followed by.
 */
export function requireEnforceable(schema: Schema, isItem = false): void {
  const keyword = Object.keys(schema).find(
    name => !Object.hasOwn(CONSTRAINTS, name) && !OTHER_KEYWORDS.includes(name),
  );
  if (keyword !== undefined) throw new Error(`The standalone API cannot enforce "${keyword}" in a schema.`);
  if (schema.format !== undefined && !Object.hasOwn(FORMATS, schema.format))
    throw new Error(`The standalone API cannot enforce the format "${schema.format}".`);
  for (const { rule } of schema['x-kubernetes-validations'] ?? [])
    if (isItem || unchangeableFields(rule) === undefined)
      throw new Error(
        `The standalone API cannot enforce the rule "${rule}": it knows only self.x == oldSelf.x.`,
      );
  for (const field of Object.values(schema.properties ?? {})) requireEnforceable(field, isItem);
  for (const item of [schema.items, schema.additionalProperties])
    if (item !== undefined) requireEnforceable(item, true);
}

/**
 * Prunes, defaults and validates in one walk. In a built-in kind (`dropNulls`) a null is the same as nothing, as it is
 * for Go's structs; in a custom one it is so only where there is a default to take its place.
 */
export function applySchema(schema: Schema, value: unknown, before: unknown, dropNulls: boolean): Verdict {
  const unknownFields: string[] = [];
  const causes: Cause[] = [];
  const brokenRules: Cause[] = [];

  const visit = (
    schema: Schema,
    value: unknown,
    before: unknown,
    path: string,
    dropNulls: boolean,
  ): unknown => {
    if (!isOfType(schema.type, value)) {
      // It is not shown, only its type: that is what a real server does.
      causes.push(mistyped(jsonType(value), path, schema.type));
      return value;
    }
    const shaped = isJsonObject(value)
      ? visitFields(schema, value, before, path, dropNulls || schema['x-omits-empty'] === true)
      : value;
    for (const [keyword, limit] of Object.entries(schema))
      if (Object.hasOwn(CONSTRAINTS, keyword))
        causes.push(...(CONSTRAINTS as Keywords)[keyword]!(limit as never, shaped as never, path, schema));
    const { items } = schema;
    if (!Array.isArray(shaped) || items === undefined) return shaped;
    return shaped.map((item, i) => visit(items, item, undefined, `${path}[${i}]`, dropNulls));
  };

  const visitFields = (
    schema: Schema,
    object: JsonObject,
    before: unknown,
    path: string,
    dropNulls: boolean,
  ): JsonObject => {
    const kept: JsonObject = {};
    const { properties = {}, additionalProperties } = schema;
    const old = isJsonObject(before) ? before : {};
    for (const [name, field] of Object.entries(object)) {
      const known = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
      if (known === undefined) unknownFields.push(join(path, name));
      else if (schema['x-omits-empty'] && known.properties === undefined && isEmpty(field)) continue;
      else if (field !== null || !(dropNulls || known.default !== undefined))
        kept[name] = visit(known, field, old[name], join(path, name), dropNulls);
    }
    for (const [name, field] of Object.entries(properties))
      if (field.default !== undefined && !Object.hasOwn(kept, name))
        kept[name] = visit(field, field.default, old[name], join(path, name), dropNulls);
    for (const { rule, message } of isJsonObject(before) ? (schema['x-kubernetes-validations'] ?? []) : [])
      if (unchangeableFields(rule)!.some(name => !isDeepStrictEqual(old[name], kept[name])))
        brokenRules.push(cause.invalid(path, 'object', message));
    return kept;
  };

  const shaped = visit(schema, value, before, '', dropNulls);
  // As on a real server, rules run only over what the rest of the schema accepts.
  return { value: shaped, unknownFields, causes: causes.length > 0 ? causes : brokenRules };
}

function isOfType(type: Schema['type'], value: unknown): boolean {
  const given = jsonType(value);
  return given === type || (given === 'integer' && type === 'number');
}

function jsonType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);
