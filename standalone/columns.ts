import type { PrinterColumn } from '../crds/schema.ts';
import { humanDuration } from './duration.ts';
import { compileJsonPath } from './json-path.ts';
import type { ApiObject } from './object.ts';

/** One column of a Table. */
export interface Column {
  name: string;
  type: string;
  /** `name` marks the column that holds the object's name. */
  format: string;
  description: string;
  /** Above 0: only with `-o wide`. */
  priority: number;
  /** The cell; null shows as empty. `now` is in milliseconds. */
  value: (object: ApiObject, now: number) => unknown;
}

/** A column of texts, unless `extra` says otherwise. Its values are at a JSONPath, or worked out. */
export const column = (
  name: string,
  value: string | Column['value'],
  extra: Partial<Column> = {},
): Column => ({
  name,
  type: 'string',
  format: '',
  description: '',
  priority: 0,
  value: typeof value === 'string' ? compileJsonPath(value) : value,
  ...extra,
});

/** The first column of nearly every kind. */
export const NAME = column('Name', '.metadata.name', {
  format: 'name',
  description: 'The name is unique within a namespace and a kind.',
});

/** The last one. */
export const AGE = column('Age', (object, now) => ageOf(object.metadata.creationTimestamp, now), {
  description: 'How long ago the object was created.',
});

/** How long ago a timestamp was, as kubectl says it. */
export function ageOf(timestamp: unknown, now: number): string {
  const time = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN;
  return Number.isNaN(time) ? '<unknown>' : humanDuration(now - time);
}

/** The column that a CRD asks for. */
export function columnOf({ name, type, jsonPath, description = '', priority = 0 }: PrinterColumn): Column {
  const read = compileJsonPath(jsonPath);
  return column(name, (object, now) => cell(type, read(object), now), { type, description, priority });
}

function cell(type: PrinterColumn['type'], value: unknown, now: number): unknown {
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'date':
      return ageOf(value, now);
    case 'string':
      return typeof value === 'string' ? value : JSON.stringify(value);
    case 'integer':
      return typeof value === 'number' ? value : null;
    case 'number':
    case 'boolean':
      return typeof value === type ? value : null;
  }
}
