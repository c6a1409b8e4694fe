import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** The subset of OpenAPI v3 that a Kubernetes structural schema may use and ours do. */
export interface StructuralSchema {
  type: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  description?: string;
  format?: string;
  properties?: Record<string, StructuralSchema>;
  additionalProperties?: StructuralSchema;
  required?: string[];
  items?: StructuralSchema;
  enum?: string[];
  default?: unknown;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  'x-kubernetes-validations'?: { rule: string; message: string }[];
  'x-kubernetes-list-type'?: 'map' | 'set' | 'atomic';
  'x-kubernetes-list-map-keys'?: string[];
}

/** One of kubectl's columns. `priority` above 0 shows it only with `-o wide`. */
export interface PrinterColumn {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  jsonPath: string;
  description?: string;
  priority?: number;
}

/** A CustomResourceDefinition as its YAML file holds it (apiextensions.k8s.io/v1, one version). */
export interface CustomResourceDefinition {
  apiVersion: 'apiextensions.k8s.io/v1';
  kind: 'CustomResourceDefinition';
  metadata: { name: string };
  spec: {
    group: string;
    scope: 'Namespaced';
    names: {
      kind: string;
      listKind: string;
      plural: string;
      singular: string;
      shortNames: string[];
      categories: string[];
    };
    versions: [
      {
        name: string;
        served: boolean;
        storage: boolean;
        subresources: {
          status: object;
          scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath: string };
        };
        additionalPrinterColumns: PrinterColumn[];
        schema: { openAPIV3Schema: StructuralSchema };
      },
    ];
  };
}

/** The files that hold the CRDs, in the order in which they are listed everywhere. */
const CRD_FILES = ['projects.yaml', 'droplets.yaml', 'servicedeployments.yaml'] as const;

/** The file's own text, comments and all: what `kubectl apply` gets. */
function readCrdText(file: (typeof CRD_FILES)[number]): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8');
}

/** All CRDs, parsed. */
export function loadCrds(): CustomResourceDefinition[] {
  return CRD_FILES.map(file => parse(readCrdText(file)) as CustomResourceDefinition);
}
