import { isJsonObject, type JsonObject } from './object.ts';
import type { Schema } from './schema.ts';

/** A value without the fields that its schema does not know, and their paths. */
export interface Pruned {
  value: unknown;
  unknownFields: string[];
}

/**
 * Removes what the schema does not name. In a built-in kind (`dropNulls`) a null is the same as nothing, as
 * it is for Go's structs; in a custom one it is so only where there is a default to take its place.
 */
export function prune(schema: Schema, value: unknown, { dropNulls }: { dropNulls: boolean }): Pruned {
  const unknownFields: string[] = [];
  const visit = (schema: Schema, value: unknown, path: string): unknown => {
    if (Array.isArray(value) && schema.items !== undefined) {
      return value.map((item, i) => visit(schema.items!, item, `${path}[${i}]`));
    }
    return isJsonObject(value) && schema.type === 'object' ? visitObject(schema, value, path) : value;
  };
  const visitObject = (schema: Schema, object: JsonObject, path: string): JsonObject => {
    const kept: JsonObject = {};
    for (const [name, field] of Object.entries(object)) {
      const fieldPath = path === '' ? name : `${path}.${name}`;
      const fieldSchema = fieldOf(schema, name);
      if (fieldSchema === undefined) unknownFields.push(fieldPath);
      else if (field !== null || !(dropNulls || fieldSchema.default !== undefined)) {
        kept[name] = visit(fieldSchema, field, fieldPath);
      }
    }
    return kept;
  };
  return { value: visit(schema, value, ''), unknownFields };
}

const fieldOf = (schema: Schema, name: string): Schema | undefined =>
  schema.properties !== undefined && Object.hasOwn(schema.properties, name)
    ? schema.properties[name]
    : schema.additionalProperties;

/** The value with the schema's defaults where fields are absent, at every depth that exists. */
export function applyDefaults(schema: Schema, value: unknown): unknown {
  if (Array.isArray(value)) {
    return schema.items === undefined ? value : value.map(item => applyDefaults(schema.items!, item));
  }
  if (!isJsonObject(value)) return value;
  const filled: JsonObject = { ...value };
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (!Object.hasOwn(filled, name) && field.default !== undefined) {
      filled[name] = field.default;
    }
    if (Object.hasOwn(filled, name)) filled[name] = applyDefaults(field, filled[name]);
  }
  return filled;
}
