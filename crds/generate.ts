// Writes the TypeScript types of the nouns from the CRDs' YAML. `npm run generate` runs it;
// test/unit/crds/generated.test.ts fails when a YAML file was edited without it.
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { loadCrds, type CustomResourceDefinition, type StructuralSchema } from './schema.ts';

/** The generated file of each kind, relative to this folder. */
export const GENERATED_FILES: Record<string, string> = {
  Project: 'project.ts',
  Droplet: 'droplet.ts',
  ServiceDeployment: 'service-deployment.ts',
};

/** The TypeScript source for one CRD: its spec, its status and the object that holds both. */
export function generateTypes(crd: CustomResourceDefinition): string {
  const { kind, plural } = crd.spec.names;
  const schema = crd.spec.versions[0].schema.openAPIV3Schema;
  const { spec, status } = schema.properties!;
  return [
    `// Generated from ${plural}.yaml by \`npm run generate\`: edit that file, not this one.`,
    `import type { Condition, KubernetesObject } from './meta.ts';`,
    '',
    docComment(spec!.description, ''),
    `export interface ${kind}Spec ${objectType(spec!, '')}`,
    '',
    docComment(status!.description, ''),
    `export interface ${kind}Status ${objectType(status!, '')}`,
    '',
    docComment(schema.description, ''),
    `export interface ${kind} extends KubernetesObject {`,
    `  kind: '${kind}';`,
    `  spec: ${kind}Spec;`,
    `  status?: ${kind}Status;`,
    '}',
    '',
  ].join('\n');
}

function typeOf(schema: StructuralSchema, indent: string): string {
  switch (schema.type) {
    case 'object':
      return objectType(schema, indent);
    case 'array':
      return isConditionList(schema) ? 'Condition[]' : arrayType(schema.items!, indent);
    case 'string':
      return schema.enum?.map(value => `'${value}'`).join(' | ') ?? 'string';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
  }
}

function arrayType(items: StructuralSchema, indent: string): string {
  const type = typeOf(items, indent);
  return type.includes(' | ') && items.type === 'string' ? `(${type})[]` : `${type}[]`;
}

function objectType(schema: StructuralSchema, indent: string): string {
  const { additionalProperties } = schema;
  if (additionalProperties !== undefined) return `Record<string, ${typeOf(additionalProperties, indent)}>`;
  const inner = `${indent}  `;
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    ...(field.description === undefined ? [] : [docComment(field.description, inner)]),
    `${inner}${name}${required.has(name) ? '' : '?'}: ${typeOf(field, inner)};`,
  ]);
  return ['{', ...fields, `${indent}}`].join('\n');
}

const isConditionList = (schema: StructuralSchema): boolean =>
  schema['x-kubernetes-list-map-keys']?.includes('type') ?? false;

const docComment = (text: string | undefined, indent: string): string => `${indent}/** ${text ?? ''} */`;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const crd of loadCrds()) {
    const file = new URL(GENERATED_FILES[crd.spec.names.kind]!, import.meta.url);
    writeFileSync(file, generateTypes(crd));
  }
}
