import { noSuchPath } from './api-error.ts';
import { apiVersionOf, rootOf, type Kind } from './kinds.ts';
import { withoutEmpty } from './metadata.ts';
import { openApiDocuments } from './openapi.ts';

/** What `/version` says: the API level that is spoken, and by whom. */
const VERSION_INFO = {
  major: '1',
  minor: '32',
  gitVersion: 'v1.32.0+dropfleet',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'none',
  compiler: 'node',
  platform: `${process.platform}/${process.arch}`,
};
const HEALTH_PATHS = ['/healthz', '/readyz', '/livez'];
const READ_VERBS = ['get', 'list', 'watch'];
const ALL_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** Whether the path is answered without credentials. */
export const isPublic = (pathname: string): boolean => [...HEALTH_PATHS, '/version'].includes(pathname);

/** Finds what describes the API under a path. The result throws 404 for one that leads nowhere. */
export function describeApi(kinds: readonly Kind[]): (path: string) => string | object {
  const groupVersions = [...new Set(kinds.map(apiVersionOf))];
  const groups = groupVersions.filter(one => one.includes('/')).map(toGroup);
  const openApi = openApiDocuments(kinds);
  const answers = new Map<string, string | object>([
    ...HEALTH_PATHS.map(path => [path, 'ok'] as const),
    ['/version', VERSION_INFO],
    ['/', { paths: ['/api', '/api/v1', '/apis', '/healthz', '/openapi/v3', '/version'] }],
    ['/api', { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }],
    ['/apis', { kind: 'APIGroupList', apiVersion: 'v1', groups }],
    ...groups.map(
      group => [`/apis/${group.name}`, { kind: 'APIGroup', apiVersion: 'v1', ...group }] as const,
    ),
    ...groupVersions.map(one => [rootOf(one), resourceList(kinds, one)] as const),
    ...openApi.map(({ path, document }) => [path, document] as const),
  ]);
  return path => {
    const answer = answers.get(path);
    if (answer === undefined) throw noSuchPath();
    return answer;
  };
}

function toGroup(groupVersion: string): { name: string } & Record<string, unknown> {
  const [name, version] = groupVersion.split('/') as [string, string];
  return { name, versions: [{ groupVersion, version }], preferredVersion: { groupVersion, version } };
}

const resourceList = (kinds: readonly Kind[], groupVersion: string): object => ({
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion,
  resources: kinds.filter(kind => apiVersionOf(kind) === groupVersion).flatMap(toResources),
});

/** A kind and its subresources. */
function toResources(kind: Kind): unknown[] {
  const { plural, singular, namespaced, shortNames, categories } = kind;
  const subresource = (name: string, type: object): unknown => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    ...type,
    verbs: ['get', 'patch', 'update'],
  });
  return [
    withoutEmpty({
      name: plural,
      singularName: singular,
      namespaced,
      kind: kind.kind,
      verbs: verbsOf(kind),
      shortNames,
      categories,
    }),
    ...(kind.hasStatus ? [subresource('status', { kind: kind.kind })] : []),
    ...(kind.scale === undefined
      ? []
      : [subresource('scale', { group: 'autoscaling', version: 'v1', kind: 'Scale' })]),
  ];
}

function verbsOf(kind: Kind): string[] {
  if (kind.readOnly) return READ_VERBS;
  return kind.namespaced ? ALL_VERBS : ALL_VERBS.filter(verb => verb !== 'deletecollection');
}
