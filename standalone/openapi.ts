import { createHash } from 'node:crypto';
import { apiVersionOf, rootOf, type Kind } from './kinds.ts';
import { METADATA_SCHEMA } from './schema.ts';

const METADATA_NAME = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const WRITE_PARAMETERS = ['dryRun', 'fieldManager', 'fieldValidation'];

/**
 * What kubectl explains and validates by, by path: an OpenAPI v3 document of every group and version, and the index,
 * which names each by the hash of its content.
 */
export function openApiDocuments(kinds: readonly Kind[]): [string, object][] {
  const roots = [...new Set(kinds.map(kind => rootOf(apiVersionOf(kind))))];
  const documents = roots.map((root): [string, object] => [`/openapi/v3${root}`, toDocument(root, kinds)]);
  const paths = documents.map(([path, document], i) => {
    const hash = createHash('sha256').update(JSON.stringify(document)).digest('hex').toUpperCase();
    return [roots[i]!.slice(1), { serverRelativeURL: `${path}?hash=${hash}` }];
  });
  return [['/openapi/v3', { paths: Object.fromEntries(paths) as unknown }], ...documents];
}

function toDocument(root: string, kinds: readonly Kind[]): object {
  const served = kinds.filter(kind => rootOf(apiVersionOf(kind)) === root);
  return {
    openapi: '3.0.0',
    info: { title: 'dropfleet standalone API', version: 'v1' },
    paths: Object.assign({}, ...served.map(kind => toPaths(root, kind))) as object,
    components: {
      schemas: {
        [METADATA_NAME]: METADATA_SCHEMA,
        ...Object.fromEntries(served.map(kind => [schemaName(kind), toSchema(kind)])),
      },
    },
  };
}

const schemaName = ({ group, version, kind }: Kind): string =>
  `${group === '' ? 'io.k8s.core' : group.split('.').toReversed().join('.')}.${version}.${kind}`;

const typeOf = ({ group, version, kind }: Kind): object => ({ group, version, kind });

/** The schema by which kubectl finds the kind, with the whole of ObjectMeta for `explain`. */
function toSchema(kind: Kind): object {
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
function toPaths(root: string, kind: Kind): object {
  const collection = `${root}${kind.namespaced ? '/namespaces/{namespace}' : ''}/${kind.plural}`;
  const operation = (action: string, names: string[]): object => ({
    operationId: `${action}${kind.kind}`,
    parameters: names.map(name => ({ name, in: 'query', schema: { type: 'string', uniqueItems: true } })),
    responses: { '200': { description: 'OK' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': typeOf(kind),
  });
  return {
    [collection]: {
      get: operation('list', ['limit', 'continue']),
      post: operation('post', WRITE_PARAMETERS),
    },
    [`${collection}/{name}`]: {
      get: operation('get', []),
      put: operation('put', WRITE_PARAMETERS),
      patch: operation('patch', WRITE_PARAMETERS),
      delete: operation('delete', ['dryRun', 'propagationPolicy']),
    },
  };
}
