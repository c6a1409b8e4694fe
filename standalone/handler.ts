import { timingSafeEqual, X509Certificate } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { ApiError, isApiError, methodNotAllowed, noSuchPath } from './api-error.ts';
import { describeApi, isPublic, REVIEWS } from './discovery.ts';
import type { Identity } from './identity.ts';
import type { Kind } from './kinds.ts';
import { toJson } from './object.ts';
import { createRouter } from './route.ts';
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
  const findRoute = createRouter(kinds);
  const authenticate = authenticator(identity);
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    admit(request);
    const url = URL.parse(request.url ?? '', 'https://localhost');
    if (url === null) throw noSuchPath();
    if (!isPublic(url.pathname)) authenticate(request);
    refuseImpersonation(request);
    const path = `/${url.pathname.split('/').filter(Boolean).join('/')}`;
    const review = request.method === 'POST' ? REVIEWS.get(path) : undefined;
    if (review !== undefined) return send(response, 201, toJson(review));
    const document = documents.get(path);
    if (document === undefined)
      return serveResource({ ...api, request, response, route: findRoute(path), query: url.searchParams });
    if (request.method !== 'GET') throw methodNotAllowed();
    if (typeof document !== 'string') return send(response, 200, toJson(document));
    response.writeHead(200, { 'content-type': 'text/plain' }).end(document);
  };
  return (request, response) => {
    serve(request, response).catch((error: unknown) => sendError(request, response, error));
  };
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
