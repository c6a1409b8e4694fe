import { noSuchPath } from './api-error.ts';
import { apiVersionOf, rootOf, type Kind } from './kinds.ts';

/** What a path of objects means. */
export interface ResourceRoute {
  kind: Kind;
  /** Undefined for a cluster-scoped kind, or for all namespaces. */
  namespace: string | undefined;
  /** Undefined for the collection. */
  name: string | undefined;
  subresource: 'status' | 'scale' | undefined;
}

/** Finds out what a path means; throws 404 for one that leads nowhere. */
export function createRouter(kinds: readonly Kind[]): (path: string) => ResourceRoute {
  const patterns = kinds.map(kind => ({ kind, pattern: patternOf(kind) }));
  return path => {
    for (const { kind, pattern } of patterns) {
      const groups = pattern.exec(path)?.groups;
      if (groups === undefined) continue;
      const [namespace, name] = [groups['namespace'], groups['name']].map(decodeSegment);
      return { kind, namespace, name, subresource: groups['subresource'] as ResourceRoute['subresource'] };
    }
    throw noSuchPath();
  };
}

function patternOf(kind: Kind): RegExp {
  const root = rootOf(apiVersionOf(kind)).replaceAll('.', '\\.');
  const subresources = [...(kind.hasStatus ? ['status'] : []), ...(kind.scale ? ['scale'] : [])].join('|');
  const objects = `${kind.plural}(/(?<name>[^/]+)(/(?<subresource>${subresources || '(?!)'}))?)?`;
  return new RegExp(
    kind.namespaced
      ? `^${root}/(${kind.plural}|namespaces/(?<namespace>[^/]+)/${objects})$`
      : `^${root}/${objects}$`,
  );
}

function decodeSegment(segment: string | undefined): string | undefined {
  try {
    return segment === undefined ? undefined : decodeURIComponent(segment);
  } catch {
    // A stray percent sign: no object can have such a name.
    throw noSuchPath();
  }
}
