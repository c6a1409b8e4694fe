import { noSuchPath } from './api-error.ts';
import { NAMESPACE } from './built-in-kinds.ts';
import { apiVersionOf, rootOf, type Kind } from './kinds.ts';

/** What a path under a group and version means. */
export interface ResourceRoute {
  type: 'resource';
  kind: Kind;
  /** Undefined for a cluster-scoped kind, or for all namespaces. */
  namespace: string | undefined;
  /** Undefined for the collection. */
  name: string | undefined;
  subresource: 'status' | 'scale' | undefined;
}

/** A path that describes the API; `path` has no slash at its end. */
export interface DocumentRoute {
  type: 'document';
  path: string;
}

/** Splits a path. Throws 404 for one that leads nowhere. */
export function parseRoute(pathname: string, kinds: readonly Kind[]): ResourceRoute | DocumentRoute {
  const segments = pathname.split('/').filter(part => part !== '');
  const depth = ['api', 'apis'].indexOf(segments[0]!) + 2;
  const isResource = depth > 1 && segments.length > depth;
  if (!isResource) return { type: 'document', path: `/${segments.join('/')}` };
  const root = `/${segments.slice(0, depth).join('/')}`;
  const served = kinds.filter(kind => rootOf(apiVersionOf(kind)) === root);
  const path = segments.slice(depth).map(decodeSegment);
  const isInNamespace =
    path[0] === NAMESPACE.plural && served.some(kind => kind.plural === path[2] && kind.namespaced);
  return isInNamespace ? toRoute(served, path[1], path.slice(2)) : toRoute(served, undefined, path);
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // A stray percent sign: no object can have such a name.
    throw noSuchPath();
  }
}

function toRoute(kinds: Kind[], namespace: string | undefined, path: string[]): ResourceRoute {
  const [plural, name, subresource, ...more] = path;
  const kind = kinds.find(one => one.plural === plural);
  if (kind === undefined || more.length > 0) throw noSuchPath();
  const isAddressable = !kind.namespaced || namespace !== undefined || name === undefined;
  if (!isAddressable || !hasSubresource(kind, subresource)) throw noSuchPath();
  return { type: 'resource', kind, namespace, name, subresource };
}

function hasSubresource(kind: Kind, name: string | undefined): name is ResourceRoute['subresource'] {
  return name === undefined || (name === 'status' && kind.hasStatus) || (name === 'scale' && !!kind.scale);
}
