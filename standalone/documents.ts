import { aggregated, coreVersions, groupList, groupNamed, resourceList, VERSION_INFO } from './discovery.ts';
import { noSuchPath } from './api-error.ts';
import type { Kind } from './kinds.ts';
import { openApiDocuments, openApiIndex } from './openapi.ts';

/** What is answered under a path that describes the API. */
export interface Answer {
  contentType: string;
  text: string;
}

/** Paths that anybody may ask for. */
const PUBLIC_PATHS = ['/healthz', '/readyz', '/livez', '/version'];

/** Whether the path is answered without a token. */
export const isPublic = (pathname: string): boolean => PUBLIC_PATHS.includes(pathname);

/** Compiles the documents about these kinds. The result throws 404 for a path that leads nowhere. */
export function documentsOf(
  kinds: readonly Kind[],
): (path: string, accept: string, address: string) => Answer {
  const documents = openApiDocuments(kinds);
  return (path, accept, address) => {
    if (['/healthz', '/readyz', '/livez'].includes(path)) return { contentType: 'text/plain', text: 'ok' };
    const openApi = documents.find(document => path === `/openapi/v3/${document.path}`);
    if (openApi !== undefined) return { contentType: 'application/json', text: openApi.text };
    if (path === '/openapi/v3') return json(openApiIndex(documents));
    return discovery(kinds, path, accept, address);
  };
}

function discovery(kinds: readonly Kind[], path: string, accept: string, address: string): Answer {
  const [, root, group, version] = path.split('/');
  if (path === '/version') return json(VERSION_INFO);
  if (path === '/')
    return json({ paths: ['/api', '/api/v1', '/apis', '/healthz', '/openapi/v3', '/version'] });
  if (path === '/api' || path === '/apis') return rootDiscovery(kinds, path, accept, address);
  if (root === 'api') return json(resourceList(kinds, group!));
  if (root !== 'apis') throw noSuchPath();
  return json(version === undefined ? groupNamed(kinds, group!) : resourceList(kinds, `${group}/${version}`));
}

function rootDiscovery(kinds: readonly Kind[], path: string, accept: string, address: string): Answer {
  const version = /g=apidiscovery\.k8s\.io;v=(v2|v2beta1);as=APIGroupDiscoveryList/.exec(accept)?.[1];
  if (version === undefined) return json(path === '/api' ? coreVersions(address) : groupList(kinds));
  return {
    contentType: `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
    text: JSON.stringify(aggregated(kinds, path === '/api' ? 'api' : 'apis', version)),
  };
}

function json(value: unknown): Answer {
  if (value === undefined) throw noSuchPath();
  return { contentType: 'application/json', text: JSON.stringify(value) };
}
