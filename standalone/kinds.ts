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
  listKind: string;
  plural: string;
  singular: string;
  shortNames: string[];
  categories: string[];
  namespaced: boolean;
  /** From a CRD: it has generations, is validated by its schema to the letter, and knows no strategic merge. */
  custom: boolean;
  /** Whether writes are refused. */
  readOnly: boolean;
  hasStatus: boolean;
  /** Where what the scale subresource shows is kept; JSONPaths of plain fields. */
  scale: Subresources['scale'];
  columns: Column[];
  schema: Schema;
  /** Fills in what a writer may leave out and the schema has no default for. */
  complete: (object: ApiObject) => ApiObject;
  /** What the schema cannot say of an object, or of changing `before` into it. */
  validate: (object: ApiObject, before: ApiObject | undefined) => Cause[];
  /** A PUT of what is not there creates it. */
  createsOnUpdate: boolean;
  /** A PUT may leave metadata.resourceVersion out. */
  updatesUnconditionally: boolean;
  /** What field selectors may name besides metadata.name and metadata.namespace. */
  selectableFields: string[];
}

/** The kind's apiVersion. */
export const apiVersionOf = ({ group, version }: Pick<Kind, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`;

/** The path that everything of an apiVersion is under. */
export const rootOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;

type KindEntry = Pick<Kind, 'group' | 'kind' | 'plural' | 'columns' | 'schema'> & Partial<Kind>;

/** A kind with what most built-in ones have, unless the entry says otherwise. */
export const newKind = (entry: KindEntry): Kind => ({
  id: entry.group === '' ? entry.plural : `${entry.plural}.${entry.group}`,
  version: 'v1',
  listKind: `${entry.kind}List`,
  singular: entry.kind.toLowerCase(),
  shortNames: [],
  categories: [],
  namespaced: true,
  custom: false,
  readOnly: false,
  hasStatus: false,
  scale: undefined,
  complete: object => object,
  validate: () => [],
  createsOnUpdate: false,
  updatesUnconditionally: !entry.custom,
  selectableFields: [],
  ...entry,
});

/** The kind that a CRD defines. */
export function kindOfCrd({ spec }: CustomResourceDefinition): Kind {
  const [version] = spec.versions;
  const given: Schema = version.schema.openAPIV3Schema;
  const metadata = { ...METADATA_SCHEMA.properties, ...given.properties!['metadata']?.properties };
  return newKind({
    ...spec.names,
    group: spec.group,
    version: version.name,
    custom: true,
    hasStatus: true,
    scale: version.subresources.scale,
    columns: [NAME, ...version.additionalPrinterColumns.map(columnOf)],
    schema: {
      ...given,
      properties: { ...given.properties, metadata: { ...METADATA_SCHEMA, properties: metadata } },
    },
  });
}
