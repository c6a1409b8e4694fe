import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { isFileError } from '../../files/file-error.ts';
import type { Machine } from '../../model.ts';
import { bodyOf, serveStreams } from '../../network/http.ts';
import { readRegistrySettings, type RegistrySettings } from './settings.ts';
import { findManifest, listRepositories, listTags, putManifest, removeManifest } from './storage.ts';

export const MANIFEST_TYPE = 'application/vnd.docker.distribution.manifest.v2+json';

/** The registry of a machine, with the settings that it was started with. Throws FileError. */
export function startRegistry(machine: Machine): RegistrySettings & { accept: (stream: Duplex) => void } {
  const settings = readRegistrySettings(machine);
  const { accept } = serveStreams((request, response) => void serve(machine, settings, request, response));
  return { ...settings, accept };
}

async function serve(
  machine: Machine,
  settings: RegistrySettings,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request).catch(() => Buffer.alloc(0));
  response.setHeader('Docker-Distribution-Api-Version', 'registry/2.0');
  try {
    answer(machine, settings, request, response, body.toString());
  } catch (error) {
    if (!isFileError(error)) throw error;
    refuse(response, 500, 'UNKNOWN', `filesystem: ${error.message.toLowerCase()}`);
  }
}

function answer(
  { files }: Machine,
  { root, allowsDeletion }: RegistrySettings,
  { method = 'GET', url = '/' }: IncomingMessage,
  response: ServerResponse,
  body: string,
): void {
  const path = url.replace(/\?.*$/, '');
  if (path === '/v2/' || path === '/v2') return send(response, {});
  if (path === '/v2/_catalog') return send(response, { repositories: listRepositories(files, root) });
  const [, repository = '', what = '', name = ''] =
    /^\/v2\/(.+)\/(manifests|tags)\/([^/]+)$/.exec(path) ?? [];
  if (what === 'tags') {
    const tags = listTags(files, root, repository);
    if (tags === undefined)
      return refuse(response, 404, 'NAME_UNKNOWN', 'repository name not known to registry');
    return send(response, { name: repository, tags });
  }
  if (what !== 'manifests') return refuse(response, 404, 'UNSUPPORTED', 'The operation is unsupported.');
  if (method === 'PUT') {
    const { digest } = JSON.parse(body) as { digest: string };
    putManifest(files, root, repository, name, { digest, text: body });
    response.writeHead(201, { 'Docker-Content-Digest': digest }).end();
    return;
  }
  const found = findManifest(files, root, repository, name);
  if (found === undefined) return refuse(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
  if (method === 'DELETE') {
    if (!allowsDeletion) return refuse(response, 405, 'UNSUPPORTED', 'The operation is unsupported.');
    removeManifest(files, root, repository, found.digest);
    response.writeHead(202).end();
    return;
  }
  response.writeHead(200, { 'Content-Type': MANIFEST_TYPE, 'Docker-Content-Digest': found.digest });
  response.end(method === 'HEAD' ? undefined : found.text);
}

function send(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(`${JSON.stringify(value)}\n`);
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(`${JSON.stringify({ errors: [{ code, message, detail: null }] })}\n`);
}
