import { noSuchPath } from './api-error.ts';
import { NAMESPACE } from './built-in-kinds.ts';
import { apiVersionOf, type Kind } from './kinds.ts';

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

/** Splits a path. Throws 404 for one that leads nowhere, 400 for one that is no URL path. */
export function parseRoute(pathname: string, kinds: readonly Kind[]): ResourceRoute | DocumentRoute {
  const segments = pathname.split('/').filter(part => part !== '');
  const [root, ...rest] = segments;
  const depth = root === 'api' ? 1 : 2;
  const isResource = (root === 'api' || root === 'apis') && rest.length > depth;
  if (!isResource) return { type: 'document', path: `/${segments.join('/')}` };
  const apiVersion = rest.slice(0, depth).join('/');
  const served = kinds.filter(kind => apiVersionOf(kind) === apiVersion);
  return parseResource(rest.slice(depth).map(decodeSegment), served);
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // A stray percent sign: no object can have such a name.
    throw noSuchPath();
  }
}

function parseResource(segments: string[], kinds: readonly Kind[]): ResourceRoute {
  const [first, second, third, ...others] = segments;
  const isInNamespace =
    first === 'namespaces' &&
    third !== undefined &&
    kinds.some(kind => kind.plural === third && kind.namespaced);
  if (first === NAMESPACE.plural && !isInNamespace)
    return toRoute(kinds, first, undefined, segments.slice(1));
  return isInNamespace
    ? toRoute(kinds, third, second, others)
    : toRoute(kinds, first!, undefined, segments.slice(1));
}

function toRoute(
  kinds: readonly Kind[],
  plural: string,
  namespace: string | undefined,
  [name, subresource, ...more]: string[],
): ResourceRoute {
  const kind = kinds.find(one => one.plural === plural);
  const isAddressable =
    kind !== undefined && (!kind.namespaced || namespace !== undefined || name === undefined);
  if (!isAddressable || more.length > 0) throw noSuchPath();
  return { type: 'resource', kind, namespace, name, subresource: toSubresource(kind, subresource) };
}

function toSubresource(kind: Kind, subresource: string | undefined): 'status' | 'scale' | undefined {
  if (subresource === undefined) return undefined;
  if (subresource === 'status' && kind.hasStatus) return 'status';
  if (subresource === 'scale' && kind.scale !== undefined) return 'scale';
  throw noSuchPath();
}
