import { timingSafeEqual, X509Certificate } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { ApiError, isApiError, methodNotAllowed, noSuchPath } from './api-error.ts';
import { describeApi, isPublic } from './discovery.ts';
import type { Identity } from './identity.ts';
import type { Kind } from './kinds.ts';
import { toJson } from './object.ts';
import { parseRoute } from './route.ts';
import { send, serveResource, type Api } from './verbs.ts';

/** Answers every request; never throws and never rejects. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** The whole API for the one user of that identity; `admit` throws for a request that is not to be served. */
export function createHandler(
  api: Api,
  kinds: readonly Kind[],
  identity: Identity,
  admit: (request: IncomingMessage) => void,
): Handler {
  const documents = describeApi(kinds);
  const authenticate = authenticator(identity);
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    admit(request);
    const { pathname, searchParams: query } = parseUrl(request);
    if (!isPublic(pathname)) authenticate(request);
    refuseImpersonation(request);
    const path = `/${pathname.split('/').filter(Boolean).join('/')}`;
    const document = documents.get(`${request.method} ${path}`);
    if (typeof document === 'string')
      return void response.writeHead(200, { 'content-type': 'text/plain' }).end(document);
    if (document !== undefined)
      return send(response, request.method === 'POST' ? 201 : 200, toJson(document));
    const route = parseRoute(path, kinds);
    if (route !== undefined) return serveResource({ ...api, request, response, route, query });
    throw request.method === 'GET' ? noSuchPath() : methodNotAllowed();
  };
  return (request, response) => {
    serve(request, response).catch((error: unknown) => sendError(request, response, error));
  };
}

function parseUrl(request: IncomingMessage): URL {
  const url = URL.parse(request.url ?? '', 'https://localhost');
  if (url === null) throw noSuchPath();
  return url;
}

/** Throws 401 for a request with neither the token nor the client's certificate. */
function authenticator({ token, tls }: Identity): (request: IncomingMessage) => void {
  const wanted = Buffer.from(`Bearer ${token}`);
  const { fingerprint256 } = new X509Certificate(tls.client.certificate);
  return request => {
    const given = Buffer.from(request.headers.authorization ?? '');
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
    // That the client has its key was proven in the handshake.
    const certificate = (request.socket as TLSSocket).getPeerX509Certificate();
    if (certificate?.fingerprint256 === fingerprint256) return;
    throw new ApiError(401, 'Unauthorized', 'Unauthorized');
  };
}

/** Doing as the caller what was meant to be tried as somebody else would be worse than refusing. */
function refuseImpersonation({ headers }: IncomingMessage): void {
  if (!Object.keys(headers).some(name => name.startsWith('impersonate-'))) return;
  throw new ApiError(403, 'Forbidden', 'the standalone API has one user, so nobody can be impersonated');
}

function sendError(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent || (request.destroyed && !request.complete)) return void response.destroy();
  // What went wrong inside is not told: its text could quote an object.
  const known = isApiError(error) ? error : new ApiError(500, 'InternalError', 'Internal error occurred');
  // The rest of a body that was not read would be taken for the next request.
  if (!request.complete || known.code === 429) response.setHeader('connection', 'close');
  const { retryAfterSeconds } = known.details ?? {};
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds);
  send(response, known.code, toJson(known.toStatus()));
}
