import { apiVersionOf, type Kind } from './kinds.ts';

/** What `/version` says: the API level that is spoken, and by whom. */
export const VERSION_INFO = {
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

const READ_VERBS = ['get', 'list', 'watch'];
const ALL_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const SUBRESOURCE_VERBS = ['get', 'patch', 'update'];

/** The verbs of a kind's objects and collections. */
function verbsOf(kind: Kind): string[] {
  if (kind.readOnly) return READ_VERBS;
  return kind.namespaced ? ALL_VERBS : ALL_VERBS.filter(verb => verb !== 'deletecollection');
}

/** One subresource: what it is called and what kind of object it takes. */
interface Subresource {
  name: string;
  group: string;
  version: string;
  kind: string;
}

function subresourcesOf(kind: Kind): Subresource[] {
  const status = { name: 'status', group: kind.group, version: kind.version, kind: kind.kind };
  const scale = { name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale' };
  return [...(kind.hasStatus ? [status] : []), ...(kind.scale === undefined ? [] : [scale])];
}

/** The groups that are not the core one, in the order of their kinds. */
const groupsOf = (kinds: readonly Kind[]): string[] =>
  [...new Set(kinds.map(kind => kind.group))].filter(group => group !== '');

/** `/api`: metav1.APIVersions. */
export const coreVersions = (address: string): unknown => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
});

/** `/apis`: metav1.APIGroupList. */
export const groupList = (kinds: readonly Kind[]): unknown => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: groupsOf(kinds).map(group => toGroup(kinds, group)),
});

/** `/apis/<group>`: metav1.APIGroup; undefined when there is no such group. */
export const groupNamed = (kinds: readonly Kind[], group: string): unknown =>
  groupsOf(kinds).includes(group)
    ? { kind: 'APIGroup', apiVersion: 'v1', ...toGroup(kinds, group) }
    : undefined;

function toGroup(kinds: readonly Kind[], group: string): { name: string } & Record<string, unknown> {
  const { version } = kinds.find(kind => kind.group === group)!;
  const groupVersion = { groupVersion: `${group}/${version}`, version };
  return { name: group, versions: [groupVersion], preferredVersion: groupVersion };
}

/** `/api/v1` and `/apis/<group>/<version>`: metav1.APIResourceList; undefined when nothing is there. */
export function resourceList(kinds: readonly Kind[], groupVersion: string): unknown {
  const served = kinds.filter(kind => apiVersionOf(kind) === groupVersion);
  if (served.length === 0) return undefined;
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: served.flatMap(toResources) };
}

function toResources(kind: Kind): unknown[] {
  const { plural, singular, namespaced, shortNames, categories } = kind;
  const main = {
    name: plural,
    singularName: singular,
    namespaced,
    kind: kind.kind,
    verbs: verbsOf(kind),
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
  };
  const subresources = subresourcesOf(kind).map(({ name, group, version, kind: kindName }) => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    ...(name === 'scale' ? { group, version } : {}),
    kind: kindName,
    verbs: SUBRESOURCE_VERBS,
  }));
  return [main, ...subresources];
}

/** APIGroupDiscoveryList: all of `/api` or `/apis` in one answer. `version` is v2 or v2beta1. */
export function aggregated(kinds: readonly Kind[], root: 'api' | 'apis', version: string): unknown {
  const groups = root === 'api' ? [''] : groupsOf(kinds);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(group =>
      toGroupDiscovery(
        kinds.filter(kind => kind.group === group),
        group,
      ),
    ),
  };
}

const toGroupDiscovery = (kinds: readonly Kind[], group: string): unknown => ({
  metadata: group === '' ? { creationTimestamp: null } : { name: group, creationTimestamp: null },
  versions: [{ version: kinds[0]!.version, resources: kinds.map(toResourceDiscovery), freshness: 'Current' }],
});

function toResourceDiscovery(kind: Kind): unknown {
  const { group, version, plural, singular, shortNames, categories } = kind;
  return {
    resource: plural,
    responseKind: { group, version, kind: kind.kind },
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: verbsOf(kind),
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    subresources: subresourcesOf(kind).map(({ name, ...responseKind }) => ({
      subresource: name,
      responseKind,
      verbs: SUBRESOURCE_VERBS,
    })),
  };
}
