import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { PrinterColumn, StructuralSchema } from '../crds/schema.ts';

/** A structural schema, and for the built-in kinds what the Go structs of Kubernetes say besides. */
export interface Schema extends Omit<StructuralSchema, 'properties' | 'items'> {
  properties?: Record<string, Schema>;
  items?: Schema;
  maxItems?: number;
  maxProperties?: number;
  /** Of a map with free keys. */
  additionalProperties?: Schema;
  /** Go's omitempty on all fields, which spares structs: '', [], null and a map that is empty say nothing. */
  'x-omits-empty'?: true;
}

/** What the spec of a CRD says of a kind; the built-in ones are described in the same words. */
export interface KindSpec {
  /** Empty for the core group. */
  group: string;
  scope: string;
  names: { kind: string; plural: string; shortNames?: string[]; categories?: string[] };
  versions: [
    {
      name: string;
      subresources?: { status: object; scale?: ScalePaths };
      additionalPrinterColumns: PrinterColumn[];
      selectableFields?: { jsonPath: string }[];
      schema: { openAPIV3Schema: Schema };
    },
  ];
}

/** Where what the scale subresource shows is kept; JSONPaths of plain fields. */
export interface ScalePaths {
  specReplicasPath: string;
  statusReplicasPath: string;
  labelSelectorPath: string;
}

const { objectMeta, kinds } = parse(readFileSync(new URL('built-in-kinds.yaml', import.meta.url), 'utf8'), {
  merge: true,
}) as { objectMeta: Schema; kinds: KindSpec[] };

/** ObjectMeta. What is not named there is not kept. */
export const METADATA_SCHEMA = objectMeta;
export const BUILT_IN_SPECS = kinds;
