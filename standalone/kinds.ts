import type { Cause } from './cause.ts';
import { columnOf, NAME, type Column } from './columns.ts';
import type { ApiObject } from './object.ts';
import { METADATA_SCHEMA, type KindSpec, type ScalePaths, type Schema } from './schema.ts';

/** What is special about a kind. */
export interface KindRules {
  /** From a CRD: it has generations, is validated by its schema to the letter, and knows no strategic merge. */
  custom?: true;
  /** Whether writes are refused. */
  readOnly?: true;
  /** Fills in what a writer may leave out and the schema has no default for. */
  complete?: (object: ApiObject) => ApiObject;
  /** What the schema cannot say of an object, or of changing `before` into it. */
  validate?: (object: ApiObject, before: ApiObject | undefined) => Cause[];
  /** A PUT of what is not there creates it. */
  createsOnUpdate?: true;
  /** A PUT must say which metadata.resourceVersion it changes. */
  updatesByVersion?: true;
  /** The values of columns that a JSONPath cannot give. */
  columnValues?: Record<string, Column['value']>;
}

/** What is special about the kinds of CRDs. */
export const CUSTOM: KindRules = { custom: true, updatesByVersion: true };

/** A kind that this server serves. */
export interface Kind extends KindRules {
  /** `<plural>.<group>`, or the plural alone in the core group: the name that the store knows it by. */
  id: string;
  group: string;
  version: string;
  kind: string;
  plural: string;
  shortNames?: string[];
  categories?: string[];
  namespaced: boolean;
  hasStatus: boolean;
  scale: ScalePaths | undefined;
  columns: Column[];
  schema: Schema;
  /** What field selectors may name. */
  selectableFields: string[];
}

/** The kind's apiVersion. */
export const apiVersionOf = ({ group, version }: Pick<Kind, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`;

/** The path that everything of an apiVersion is under. */
export const rootOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;

/** The kind with that spec. */
export function toKind({ group, scope, names, versions: [version] }: KindSpec, rules: KindRules): Kind {
  const { kind, plural, shortNames = [], categories = [] } = names;
  const { subresources, additionalPrinterColumns, selectableFields = [], schema } = version;
  const columns = additionalPrinterColumns.map(column => columnOf(column, rules.columnValues));
  const { properties, ...rest } = schema.openAPIV3Schema;
  const metadata = { ...METADATA_SCHEMA.properties, ...properties?.['metadata']?.properties };
  const namespaced = scope === 'Namespaced';
  const fields = ['.metadata.name', ...(namespaced ? ['.metadata.namespace'] : [])];
  return {
    ...rules,
    group,
    kind,
    plural,
    shortNames,
    categories,
    namespaced,
    id: group === '' ? plural : `${plural}.${group}`,
    version: version.name,
    hasStatus: subresources?.status !== undefined,
    scale: subresources?.scale,
    columns: columns.some(({ name }) => name === 'Name') ? columns : [NAME, ...columns],
    schema: {
      ...rest,
      properties: {
        apiVersion: { type: 'string', description: 'The group and version of the kind.' },
        kind: { type: 'string', description: 'The kind of the object.' },
        ...properties,
        metadata: { ...METADATA_SCHEMA, properties: metadata },
      },
    },
    selectableFields: [...fields, ...selectableFields.map(({ jsonPath }) => jsonPath)].map(path =>
      path.slice(1),
    ),
  };
}
