import { apiVersionOf, rootOf, type Kind } from './kinds.ts';
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

/** What describes the API, by method and path: text or an object. */
export function describeApi(kinds: readonly Kind[]): ReadonlyMap<string, unknown> {
  const groupVersions = [...new Set(kinds.map(apiVersionOf))];
  const groups = groupVersions.filter(one => one.includes('/')).map(toGroup);
  const list = { apiVersion: 'v1', kind: 'APIGroupList', groups };
  const documents: [string, unknown][] = [
    ...HEALTH_PATHS.map((path): [string, unknown] => [path, 'ok']),
    ['/version', VERSION_INFO],
    ['/', { paths: ['/api', '/api/v1', '/apis', '/healthz', '/openapi/v3', '/version'] }],
    ['/api', { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }],
    ['/apis', list],
    ...groups.map((group): [string, unknown] => [
      `/apis/${group.name}`,
      { kind: 'APIGroup', apiVersion: 'v1', ...group },
    ]),
    ...groupVersions.map((one): [string, unknown] => [rootOf(one), resourceList(kinds, one)]),
    ...openApiDocuments(kinds),
  ];
  return new Map([...documents.map(([path, it]): [string, unknown] => [`GET ${path}`, it]), ...REVIEWS]);
}

/** The one user may do everything, whatever is asked about: so kubectl, which asks in protobuf, can be answered too. */
const REVIEWS = [
  review('SelfSubjectAccessReview', {
    allowed: true,
    reason: 'the standalone API has one user, who may do all that it does',
  }),
  review('SelfSubjectRulesReview', {
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    incomplete: false,
  }),
];

function review(kind: string, status: object): [string, unknown] {
  const apiVersion = 'authorization.k8s.io/v1';
  const path = `${rootOf(apiVersion)}/${kind.toLowerCase()}s`;
  return [`POST ${path}`, { apiVersion, kind, metadata: {}, spec: {}, status }];
}

function toGroup(groupVersion: string) {
  const [name, version] = groupVersion.split('/');
  return { name, versions: [{ groupVersion, version }], preferredVersion: { groupVersion, version } };
}

const resourceList = (kinds: readonly Kind[], groupVersion: string): object => ({
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion,
  resources: kinds.filter(kind => apiVersionOf(kind) === groupVersion).flatMap(toResources),
});

/** A kind and its subresources. */
function toResources({ kind, plural, singular, namespaced, ...rest }: Kind): object[] {
  const { readOnly, hasStatus, scale, shortNames, categories } = rest;
  const writeVerbs = namespaced ? ALL_VERBS : ALL_VERBS.filter(verb => verb !== 'deletecollection');
  const verbs = readOnly ? READ_VERBS : writeVerbs;
  const subresource = (name: string, type: object): object => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    ...type,
    verbs: ['get', 'patch', 'update'],
  });
  return [
    { name: plural, singularName: singular, namespaced, kind, verbs, shortNames, categories },
    ...(hasStatus ? [subresource('status', { kind })] : []),
    ...(scale ? [subresource('scale', { group: 'autoscaling', version: 'v1', kind: 'Scale' })] : []),
  ];
}
