import { noSuchPath } from './api-error.ts';
import { NAMESPACE } from './built-in-kinds.ts';
import { apiVersionOf, rootOf, type Kind } from './kinds.ts';

/** What a path below a group and version means. */
export interface ResourceRoute {
  kind: Kind;
  /** Undefined for a cluster-scoped kind, or for all namespaces. */
  namespace: string | undefined;
  /** Undefined for the collection. */
  name: string | undefined;
  subresource: 'status' | 'scale' | undefined;
}

/** Splits a path; undefined when it is not below a group and version. Throws 404 for one that leads nowhere. */
export function parseRoute(path: string, kinds: readonly Kind[]): ResourceRoute | undefined {
  const [, root, below] = /^(\/api\/[^/]+|\/apis\/[^/]+\/[^/]+)\/(.+)$/.exec(path) ?? [];
  if (below === undefined) return undefined;
  const served = kinds.filter(kind => rootOf(apiVersionOf(kind)) === root);
  const segments = below.split('/').map(decodeSegment);
  const isInNamespace =
    segments[0] === NAMESPACE.plural && served.some(kind => kind.plural === segments[2] && kind.namespaced);
  return isInNamespace
    ? toRoute(served, segments[1], segments.slice(2))
    : toRoute(served, undefined, segments);
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // A stray percent sign: no object can have such a name.
    throw noSuchPath();
  }
}

function toRoute(kinds: Kind[], namespace: string | undefined, segments: string[]): ResourceRoute {
  const [plural, name, subresource, ...more] = segments;
  const kind = kinds.find(one => one.plural === plural);
  if (kind === undefined || more.length > 0) throw noSuchPath();
  const isAddressable = !kind.namespaced || namespace !== undefined || name === undefined;
  if (!isAddressable || !hasSubresource(kind, subresource)) throw noSuchPath();
  return { kind, namespace, name, subresource };
}

function hasSubresource(kind: Kind, name: string | undefined): name is ResourceRoute['subresource'] {
  return name === undefined || (name === 'status' && kind.hasStatus) || (name === 'scale' && !!kind.scale);
}
