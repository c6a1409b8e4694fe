import type { CustomResourceDefinition } from '../crds/schema.ts';
import { BUILT_IN_COLUMNS, columnsOfCrd, type Column } from './columns.ts';
import { BUILT_IN_SCHEMAS, type Schema } from './schema.ts';

/** Where a custom resource keeps what its scale subresource shows; JSONPaths of plain fields. */
interface ScalePaths {
  specReplicasPath: string;
  statusReplicasPath: string;
  labelSelectorPath: string;
}

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
  scale: ScalePaths | undefined;
  columns: Column[];
  schema: Schema;
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

type BuiltIn = Pick<Kind, 'group' | 'kind' | 'plural' | 'columns' | 'schema'> & Partial<Kind>;

function builtIn(given: BuiltIn): Kind {
  return {
    id: given.group === '' ? given.plural : `${given.plural}.${given.group}`,
    version: 'v1',
    listKind: `${given.kind}List`,
    singular: given.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    custom: false,
    readOnly: false,
    hasStatus: false,
    scale: undefined,
    createsOnUpdate: false,
    updatesUnconditionally: true,
    selectableFields: [],
    ...given,
  };
}

/** v1 Namespace. */
export const NAMESPACE: Kind = builtIn({
  group: '',
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  hasStatus: true,
  columns: BUILT_IN_COLUMNS.Namespace,
  schema: BUILT_IN_SCHEMAS.Namespace,
  selectableFields: ['status.phase'],
});

/** v1 Event. */
export const EVENT: Kind = builtIn({
  group: '',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  columns: BUILT_IN_COLUMNS.Event,
  schema: BUILT_IN_SCHEMAS.Event,
  createsOnUpdate: true,
  selectableFields: [
    ...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map(
      field => `involvedObject.${field}`,
    ),
    'reason',
    'type',
    'reportingComponent',
  ],
});

/** apiextensions.k8s.io/v1 CustomResourceDefinition: shown, never changed. */
export const CUSTOM_RESOURCE_DEFINITION: Kind = builtIn({
  group: 'apiextensions.k8s.io',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  readOnly: true,
  columns: BUILT_IN_COLUMNS.CustomResourceDefinition,
  schema: { type: 'object', description: 'A CustomResourceDefinition is a kind that was added to the API.' },
});

/** The kinds that Kubernetes itself brings. */
export const BUILT_IN_KINDS: readonly Kind[] = [
  NAMESPACE,
  builtIn({
    group: '',
    kind: 'Secret',
    plural: 'secrets',
    columns: BUILT_IN_COLUMNS.Secret,
    schema: BUILT_IN_SCHEMAS.Secret,
    selectableFields: ['type'],
  }),
  builtIn({
    group: '',
    kind: 'ConfigMap',
    plural: 'configmaps',
    shortNames: ['cm'],
    columns: BUILT_IN_COLUMNS.ConfigMap,
    schema: BUILT_IN_SCHEMAS.ConfigMap,
  }),
  EVENT,
  builtIn({
    group: 'coordination.k8s.io',
    kind: 'Lease',
    plural: 'leases',
    columns: BUILT_IN_COLUMNS.Lease,
    schema: BUILT_IN_SCHEMAS.Lease,
    createsOnUpdate: true,
    updatesUnconditionally: false,
  }),
  CUSTOM_RESOURCE_DEFINITION,
];

/** The kind that a CRD defines. */
export function kindOfCrd({ spec }: CustomResourceDefinition): Kind {
  const [version] = spec.versions;
  return {
    id: `${spec.names.plural}.${spec.group}`,
    group: spec.group,
    version: version.name,
    ...spec.names,
    namespaced: true,
    custom: true,
    readOnly: false,
    hasStatus: true,
    scale: version.subresources.scale,
    columns: columnsOfCrd(version.additionalPrinterColumns),
    schema: version.schema.openAPIV3Schema,
    createsOnUpdate: false,
    updatesUnconditionally: false,
    selectableFields: [],
  };
}
