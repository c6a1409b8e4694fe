import { createHash } from 'node:crypto';
import { apiVersionOf, rootOf, type Kind } from './kinds.ts';
import { METADATA_SCHEMA } from './schema.ts';

const METADATA_NAME = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/**
 * What kubectl explains and validates by: an OpenAPI v3 document of every group and version, and the index, which names
 * each by the hash of its content.
 */
export function openApiDocuments(kinds: readonly Kind[]): { path: string; document: object }[] {
  const versions = [...new Set(kinds.map(apiVersionOf))];
  const documents = versions.map(version => {
    const served = kinds.filter(kind => apiVersionOf(kind) === version);
    return {
      path: `/openapi/v3${rootOf(version)}`,
      root: rootOf(version).slice(1),
      document: toDocument(version, served),
    };
  });
  const paths = documents.map(({ path, root, document }) => {
    const hash = createHash('sha256').update(JSON.stringify(document)).digest('hex').toUpperCase();
    return [root, { serverRelativeURL: `${path}?hash=${hash}` }];
  });
  return [{ path: '/openapi/v3', document: { paths: Object.fromEntries(paths) as unknown } }, ...documents];
}

const toDocument = (apiVersion: string, kinds: readonly Kind[]): object => ({
  openapi: '3.0.0',
  info: { title: 'dropfleet standalone API', version: 'v1' },
  paths: Object.fromEntries(kinds.flatMap(kind => toPaths(rootOf(apiVersion), kind))),
  components: {
    schemas: {
      [METADATA_NAME]: METADATA_SCHEMA,
      ...Object.fromEntries(kinds.map(kind => [schemaName(kind), toSchema(kind)])),
    },
  },
});

const schemaName = ({ group, version, kind }: Kind): string =>
  `${group === '' ? 'io.k8s.core' : group.split('.').toReversed().join('.')}.${version}.${kind}`;

const typeOf = ({ group, version, kind }: Kind): unknown => ({ group, version, kind });

/** The schema by which kubectl finds the kind, with the whole of ObjectMeta for `explain`. */
function toSchema(kind: Kind): unknown {
  const { properties, ...rest } = kind.schema;
  const metadata = {
    description: METADATA_SCHEMA.description,
    allOf: [{ $ref: `#/components/schemas/${METADATA_NAME}` }],
  };
  return {
    ...rest,
    ...(properties === undefined ? {} : { properties: { ...properties, metadata } }),
    'x-kubernetes-group-version-kind': [typeOf(kind)],
  };
}

/**
 * kubectl learns from a PATCH's parameters whether the server checks fields and can run dry. What is
 * read-only has them too: kubectl then sends the object, and is told in words why it is refused.
 */
function toPaths(root: string, kind: Kind): [string, unknown][] {
  const collection = `${root}${kind.namespaced ? '/namespaces/{namespace}' : ''}/${kind.plural}`;
  const operation = (action: string, names: string[]): unknown => ({
    operationId: `${action}${kind.kind}`,
    parameters: names.map(name => ({ name, in: 'query', schema: { type: 'string', uniqueItems: true } })),
    responses: { '200': { description: 'OK' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': typeOf(kind),
  });
  const list = operation('list', ['limit', 'continue']);
  const post = operation('post', WRITE_PARAMETERS);
  const put = operation('put', WRITE_PARAMETERS);
  const patch = operation('patch', WRITE_PARAMETERS);
  const remove = operation('delete', ['dryRun', 'propagationPolicy']);
  return [
    [collection, { get: list, post }],
    [`${collection}/{name}`, { get: operation('get', []), put, patch, delete: remove }],
  ];
}

const WRITE_PARAMETERS = ['dryRun', 'fieldManager', 'fieldValidation'];
