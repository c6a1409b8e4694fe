import type { PrinterColumn } from '../crds/schema.ts';
import { humanDuration } from './duration.ts';
import { compileJsonPath } from './json-path.ts';
import { isJsonObject, type ApiObject } from './object.ts';

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

const column = (name: string, value: Column['value'], extra: Partial<Column> = {}): Column => ({
  name,
  type: 'string',
  format: '',
  description: '',
  priority: 0,
  value,
  ...extra,
});

const NAME = column('Name', object => object.metadata.name, {
  format: 'name',
  description: 'The name is unique within a namespace and a kind.',
});

function at(path: string): Column['value'] {
  const read = compileJsonPath(path);
  return object => read(object) ?? null;
}

/** How long ago a timestamp was, as kubectl says it. */
function ageOf(timestamp: unknown, now: number): string {
  const time = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN;
  return Number.isNaN(time) ? '<unknown>' : humanDuration(now - time);
}

const AGE = column('Age', (object, now) => ageOf(object.metadata.creationTimestamp, now), {
  description: 'How long ago the object was created.',
});
const CREATED_AT = column('Created At', object => object.metadata.creationTimestamp, { type: 'date' });
const DATA = column('Data', object => countKeys(object['data']) + countKeys(object['binaryData']), {
  type: 'integer',
});
const lastSeen = (object: ApiObject): unknown =>
  object['lastTimestamp'] ?? object['eventTime'] ?? object['firstTimestamp'];

const countKeys = (value: unknown): number => (isJsonObject(value) ? Object.keys(value).length : 0);

function involvedObject(object: ApiObject): string {
  const reference = (object['involvedObject'] ?? {}) as { kind?: string; name?: string };
  return `${(reference.kind ?? '').toLowerCase()}/${reference.name ?? ''}`;
}

/** The columns of the built-in kinds, by kind. */
export const BUILT_IN_COLUMNS = {
  Namespace: [NAME, column('Status', at('.status.phase')), AGE],
  ConfigMap: [NAME, DATA, AGE],
  Secret: [NAME, column('Type', at('.type')), DATA, AGE],
  Lease: [NAME, column('Holder', at('.spec.holderIdentity')), AGE],
  Event: [
    column('Last Seen', (object, now) => ageOf(lastSeen(object), now)),
    column('Type', at('.type')),
    column('Reason', at('.reason')),
    column('Object', involvedObject),
    column('Subobject', at('.involvedObject.fieldPath'), { priority: 1 }),
    column('Message', at('.message')),
    column('Count', at('.count'), { type: 'integer', priority: 1 }),
    { ...NAME, priority: 1 },
  ],
  CustomResourceDefinition: [NAME, CREATED_AT],
} satisfies Record<string, Column[]>;

/** The columns that a CRD asks for, after the name. */
export function columnsOfCrd(columns: readonly PrinterColumn[]): Column[] {
  return [NAME, ...columns.map(fromPrinterColumn)];
}

function fromPrinterColumn({ name, type, jsonPath, description, priority }: PrinterColumn): Column {
  const read = compileJsonPath(jsonPath);
  return column(name, (object, now) => cell(type, read(object), now), {
    type,
    description: description ?? '',
    priority: priority ?? 0,
  });
}

function cell(type: PrinterColumn['type'], value: unknown, now: number): unknown {
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'date':
      return ageOf(value, now);
    case 'string':
      return typeof value === 'string' ? value : JSON.stringify(value);
    case 'integer':
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
  }
}
