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

/** What is answered without credentials. */
const PUBLIC_DOCUMENTS: Record<string, unknown> = {
  '/healthz': 'ok',
  '/readyz': 'ok',
  '/livez': 'ok',
  '/version': VERSION_INFO,
};

export const isPublic = (pathname: string): boolean => Object.hasOwn(PUBLIC_DOCUMENTS, pathname);

/** What describes the API under each path: text or an object. */
export function describeApi(kinds: readonly Kind[]): ReadonlyMap<string, unknown> {
  const versions = [...Map.groupBy(kinds, apiVersionOf)];
  const groups = versions.map(([version]) => version.split('/')).filter(([, version]) => version);
  const groupEntries = groups.map(([name, version]) => {
    const groupVersion = { groupVersion: `${name}/${version}`, version };
    return { name, versions: [groupVersion], preferredVersion: groupVersion };
  });
  const list = (kind: string, rest: object): object => ({ apiVersion: 'v1', kind, ...rest });
  const documents = {
    ...PUBLIC_DOCUMENTS,
    '/': { paths: ['/api', '/api/v1', '/apis', '/healthz', '/openapi/v3', '/version'] },
    '/api': { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] },
    '/apis': list('APIGroupList', { groups: groupEntries }),
    ...Object.fromEntries(groupEntries.map(group => [`/apis/${group.name}`, list('APIGroup', group)])),
    ...Object.fromEntries(
      versions.map(([groupVersion, kinds]) => {
        const resources = kinds.flatMap(toResources);
        return [rootOf(groupVersion), list('APIResourceList', { groupVersion, resources })];
      }),
    ),
    ...openApiDocuments(versions),
  };
  return new Map(Object.entries(documents));
}

const READ_VERBS = ['get', 'list', 'watch'];
const ALL_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** A kind and its subresources. */
function toResources({ kind, plural, namespaced, shortNames, categories, ...rest }: Kind): object[] {
  const { readOnly, hasStatus, scale } = rest;
  const writeVerbs = namespaced ? ALL_VERBS : ALL_VERBS.filter(verb => verb !== 'deletecollection');
  const verbs = readOnly ? READ_VERBS : writeVerbs;
  const singularName = kind.toLowerCase();
  const subresource = (name: string, type: object): object => {
    const names = { name: `${plural}/${name}`, singularName: '' };
    return { ...names, namespaced, ...type, verbs: ['get', 'patch', 'update'] };
  };
  return [
    { name: plural, singularName, namespaced, kind, verbs, shortNames, categories },
    ...(hasStatus ? [subresource('status', { kind })] : []),
    ...(scale ? [subresource('scale', { group: 'autoscaling', version: 'v1', kind: 'Scale' })] : []),
  ];
}

/**
 * What is answered to each question about what is allowed, `kubectl auth can-i` with or without `--list`: the one user
 * may do everything. So it does not matter what is asked, and kubectl, which asks in protobuf, can be answered too.
 */
export const REVIEWS: ReadonlyMap<string, object> = new Map(
  Object.entries({
    SelfSubjectAccessReview: {
      allowed: true,
      reason: 'the standalone API has one user, who may do all that it does',
    },
    SelfSubjectRulesReview: {
      resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
      incomplete: false,
    },
  }).map(([kind, status]) => {
    const apiVersion = 'authorization.k8s.io/v1';
    const path = `${rootOf(apiVersion)}/${kind.toLowerCase()}s`;
    return [path, { apiVersion, kind, metadata: {}, spec: {}, status }];
  }),
);
