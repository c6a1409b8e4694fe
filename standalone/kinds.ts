import type { CustomResourceDefinition } from '../crds/schema.ts';
import type { Cause } from './api-error.ts';
import { columnOf, NAME, type Column } from './columns.ts';
import type { ApiObject } from './object.ts';
import { METADATA_SCHEMA, type Schema } from './schema.ts';

type Subresources = CustomResourceDefinition['spec']['versions'][0]['subresources'];

/** A kind that this server serves. */
export interface Kind {
  /** `<plural>.<group>`, or the plural alone in the core group: the name that the store knows it by. */
  id: string;
  /** Empty for the core group. */
  group: string;
  version: string;
  kind: string;
  plural: string;
  shortNames?: string[];
  categories?: string[];
  namespaced: boolean;
  /** From a CRD: it has generations, is validated by its schema to the letter, and knows no strategic merge. */
  custom?: true;
  /** Whether writes are refused. */
  readOnly?: true;
  hasStatus?: true;
  /** Where what the scale subresource shows is kept; JSONPaths of plain fields. */
  scale?: Subresources['scale'];
  columns: Column[];
  schema: Schema;
  /** Fills in what a writer may leave out and the schema has no default for. */
  complete?: (object: ApiObject) => ApiObject;
  /** What the schema cannot say of an object, or of changing `before` into it. */
  validate?: (object: ApiObject, before: ApiObject | undefined) => Cause[];
  /** A PUT of what is not there creates it. */
  createsOnUpdate?: true;
  /** A PUT must say which metadata.resourceVersion it changes. */
  updatesByVersion?: true;
  /** What field selectors may name besides metadata.name and metadata.namespace. */
  selectableFields?: string[];
}

/** The kind's apiVersion. */
export const apiVersionOf = ({ group, version }: Pick<Kind, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`;

/** The path that everything of an apiVersion is under. */
export const rootOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;

type KindEntry = Omit<Kind, 'id' | 'version' | 'namespaced'> & Partial<Kind>;

/** A kind of version v1 and in namespaces, unless the entry says otherwise. */
export const newKind = (entry: KindEntry): Kind => ({
  id: entry.group === '' ? entry.plural : `${entry.plural}.${entry.group}`,
  version: 'v1',
  namespaced: true,
  ...entry,
});

/** The kind that a CRD defines. */
export function kindOfCrd({ spec }: CustomResourceDefinition): Kind {
  const { listKind: _usual, singular: _lowerCase, ...names } = spec.names;
  const [{ name: version, subresources, schema, additionalPrinterColumns: columns }] = spec.versions;
  const { properties, ...rest }: Schema = schema.openAPIV3Schema;
  const metadata = { ...METADATA_SCHEMA.properties, ...properties!['metadata']?.properties };
  return newKind({
    ...names,
    group: spec.group,
    version,
    custom: true,
    hasStatus: true,
    scale: subresources.scale,
    columns: [NAME, ...columns.map(columnOf)],
    schema: {
      ...rest,
      properties: { ...properties, metadata: { ...METADATA_SCHEMA, properties: metadata } },
    },
    updatesByVersion: true,
  });
}
