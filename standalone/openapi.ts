import { createHash } from 'node:crypto';
import { rootOf, type Kind } from './kinds.ts';
import { METADATA_SCHEMA } from './schema.ts';

const METADATA_NAME = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const METADATA_REFERENCE = {
  description: METADATA_SCHEMA.description,
  allOf: [{ $ref: `#/components/schemas/${METADATA_NAME}` }],
};

/**
 * What kubectl explains and validates by, under each path: an OpenAPI v3 document of every apiVersion with its kinds,
 * and the index, which names each by the hash of its content.
 *
 * A kubectl that finds a kind in none of them asks for the OpenAPI v2 document, in protobuf alone. It gets the empty
 * one, which has no kind either: then it says that there is no such kind, and not that a document is missing.
 */
export function openApiDocuments(versions: [string, Kind[]][]): Record<string, object | string> {
  const documents: Record<string, object> = {};
  const paths: Record<string, object> = {};
  for (const [apiVersion, kinds] of versions) {
    const root = rootOf(apiVersion);
    const document = toDocument(root, kinds);
    const hash = createHash('sha256').update(JSON.stringify(document)).digest('hex').toUpperCase();
    documents[`/openapi/v3${root}`] = document;
    paths[root.slice(1)] = { serverRelativeURL: `/openapi/v3${root}?hash=${hash}` };
  }
  return { '/openapi/v2': '', '/openapi/v3': { paths }, ...documents };
}

function toDocument(root: string, kinds: readonly Kind[]): object {
  const schemas = kinds.map(kind => [schemaName(kind), toSchema(kind)]);
  return {
    openapi: '3.0.0',
    info: { title: 'dropfleet standalone API', version: 'v1' },
    paths: Object.assign({}, ...kinds.map(kind => toPaths(root, kind))) as object,
    components: { schemas: { [METADATA_NAME]: METADATA_SCHEMA, ...Object.fromEntries(schemas) } },
  };
}

const schemaName = ({ group, version, kind }: Kind): string =>
  `${group === '' ? 'io.k8s.core' : group.split('.').toReversed().join('.')}.${version}.${kind}`;

const typeOf = ({ group, version, kind }: Kind): object => ({ group, version, kind });

/** The schema by which kubectl finds the kind, with the whole of ObjectMeta for `explain`. */
function toSchema(kind: Kind): object {
  const { properties, ...rest } = kind.schema;
  const described = properties && { properties: { ...properties, metadata: METADATA_REFERENCE } };
  return { ...rest, ...described, 'x-kubernetes-group-version-kind': [typeOf(kind)] };
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
  const write = (action: string): object => operation(action, ['dryRun', 'fieldManager', 'fieldValidation']);
  return {
    [collection]: { get: operation('list', ['limit', 'continue']), post: write('post') },
    [`${collection}/{name}`]: {
      get: operation('get', []),
      put: write('put'),
      patch: write('patch'),
      delete: operation('delete', ['dryRun', 'propagationPolicy']),
    },
  };
}
