import { isEmpty, isJsonObject, type JsonObject } from './object.ts';
import type { Schema } from './schema.ts';

/** A value with the shape of its schema, and the paths of what was removed for that. */
export interface Conforming {
  value: unknown;
  unknownFields: string[];
}

/**
 * Removes what the schema does not name, and fills in its defaults where fields are absent, at every depth that
 * exists. In a built-in kind (`dropNulls`) a null is the same as nothing, as it is for Go's structs; in a custom one it
 * is so only where there is a default to take its place.
 */
export function conform(schema: Schema, value: unknown, { dropNulls }: { dropNulls: boolean }): Conforming {
  const unknownFields: string[] = [];
  const visit = (schema: Schema, value: unknown, path: string, dropNulls: boolean): unknown => {
    if (Array.isArray(value) && schema.items !== undefined) {
      return value.map((item, i) => visit(schema.items!, item, `${path}[${i}]`, dropNulls));
    }
    const isStruct = isJsonObject(value) && schema.type === 'object';
    return isStruct ? visitFields(schema, value, path, dropNulls) : value;
  };
  const visitFields = (schema: Schema, object: JsonObject, path: string, dropNulls: boolean): JsonObject => {
    const omitsEmpty = schema['x-omits-empty'] === true;
    const kept: JsonObject = {};
    for (const [name, field] of Object.entries(object)) {
      const fieldPath = path === '' ? name : `${path}.${name}`;
      const known = fieldOf(schema, name);
      if (known === undefined) unknownFields.push(fieldPath);
      else if (omitsEmpty && known.properties === undefined && isEmpty(field)) continue;
      else if (field !== null || !(dropNulls || known.default !== undefined)) {
        kept[name] = visit(known, field, fieldPath, dropNulls || omitsEmpty);
      }
    }
    for (const [name, field] of Object.entries(schema.properties ?? {})) {
      if (field.default === undefined || Object.hasOwn(kept, name)) continue;
      kept[name] = visit(field, field.default, name, dropNulls);
    }
    return kept;
  };
  return { value: visit(schema, value, '', dropNulls), unknownFields };
}

const fieldOf = (schema: Schema, name: string): Schema | undefined =>
  schema.properties !== undefined && Object.hasOwn(schema.properties, name)
    ? schema.properties[name]
    : schema.additionalProperties;
