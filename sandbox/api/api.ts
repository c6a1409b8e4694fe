import type { IncomingMessage, ServerResponse } from 'node:http';
import { settle } from '../account/actions/lifecycle.ts';
import type { LedgerBook } from '../account/billing/ledger.ts';
import { StateFileError } from '../account/records/journal.ts';
import { uuid } from '../account/stamp.ts';
import type { AccountContext } from '../account/context.ts';
import { parseBody, readBody } from './body.ts';
import { ApiError, notFound, serverError, unauthorized } from './errors.ts';
import { createRateLimiter, type Limits, type RateLimiter, type Verdict } from './rate-limit.ts';
import { createRouter, type Match, type Reply } from './route.ts';
import { ROUTES } from './routes.ts';

/** A request as a hook sees it. */
export interface RequestEvent {
  readonly method: string;
  readonly path: string;
  /** Such as `droplets.create`; `unknown` for a path that the sandbox does not have. */
  readonly operation: string;
  /** Before it is carried out; or after, when its changes are durable and the reply is not yet sent. */
  readonly phase: 'before' | 'after';
}

/** Is waited for. When it throws, the connection is cut without a reply, as in a crash. */
export type OnRequest = (request: RequestEvent) => void | Promise<void>;

/** What the API is made of. */
export interface ApiParts {
  readonly context: AccountContext;
  readonly ledger: LedgerBook;
  readonly limits: Limits;
  readonly now: () => number;
  /** Undefined accepts any token. */
  readonly token: string | undefined;
  readonly onRequest: OnRequest | undefined;
  /** Resolves when every transaction so far is durable. */
  readonly flushed: () => Promise<void> | undefined;
}

/** A request on its way through. */
interface Exchange extends ApiParts {
  readonly limiter: RateLimiter;
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly operation: string;
  readonly match: Match | undefined;
}

interface Answer extends Reply {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent instead of a body in JSON. */
  readonly html?: string;
}

/** Answers a request for that URL. */
type Api = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

/** Answers DigitalOcean's API, which is under /v2. */
export function createApi(parts: ApiParts): Api {
  const find = createRouter(ROUTES);
  const limiter = createRateLimiter(parts.limits);
  return (request, response, url) => {
    const match = find(request.method ?? 'GET', url.pathname);
    const operation = match?.route.operation ?? 'unknown';
    void serve({ ...parts, limiter, request, url, operation, match }, response);
  };
}

/** Never rejects: what fails outside an operation, a hook or the client's connection, cuts the connection. */
async function serve(exchange: Exchange, response: ServerResponse): Promise<void> {
  const { ledger, now, operation } = exchange;
  const time = now();
  try {
    const answer = await answerOf(exchange);
    ledger.record({ time, operation, status: answer.status });
    send(response, answer, uuid(exchange.context.random));
  } catch {
    ledger.record({ time, operation, status: 0 });
    response.destroy();
  }
}

async function answerOf(exchange: Exchange): Promise<Answer> {
  const { request, url, operation, onRequest } = exchange;
  const event = { method: request.method ?? 'GET', path: url.pathname, operation };
  await onRequest?.({ ...event, phase: 'before' });
  const answer = await carryOut(exchange);
  await onRequest?.({ ...event, phase: 'after' });
  return answer;
}

async function carryOut(exchange: Exchange): Promise<Answer> {
  const { request, limiter, now, operation, context } = exchange;
  let verdict: Verdict = limiter.peek(tokenOf(request), now());
  try {
    const text = await readBody(request);
    authenticate(exchange);
    verdict = strike(exchange) ?? limiter.admit(tokenOf(request), operation, now());
    if (verdict.refusedBy !== undefined) return refusal(verdict);
    const reply = handle(exchange, text);
    await exchange.flushed();
    if (context.faults.take('gatewayTimeout', operation)) return GATEWAY_TIMEOUT;
    return { ...reply, headers: verdict.headers };
  } catch (error) {
    return { ...errorReply(error), headers: verdict.headers };
  }
}

const GATEWAY_TIMEOUT: Answer = {
  status: 504,
  html: '<html><head><title>504 Gateway Time-out</title></head><body></body></html>\n',
};

const tokenOf = (request: IncomingMessage): string =>
  /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';

function authenticate({ request, token }: Exchange): void {
  const given = tokenOf(request);
  if (given === '' || (token !== undefined && given !== token)) throw unauthorized();
}

/** The faults that keep a request from being carried out at all. */
function strike({ context, limiter, request, operation, now }: Exchange): Verdict | undefined {
  if (context.faults.take('serverError', operation)) throw serverError();
  const { headers } = limiter.peek(tokenOf(request), now());
  if (context.faults.take('burstLimit', operation)) return { headers, refusedBy: 'minute', retryAfter: 1 };
  if (context.faults.take('hourlyLimit', operation)) return { headers, refusedBy: 'hour' };
  return undefined;
}

/** Only a burst says how long to wait; the hourly limit leaves it to `ratelimit-reset`. */
function refusal({ headers, refusedBy, retryAfter }: Verdict): Answer {
  const message = refusedBy === 'hour' ? 'API Rate limit exceeded.' : 'Too many requests';
  const reply = errorReply(new ApiError(429, 'too_many_requests', message));
  return { ...reply, headers: retryAfter ? { ...headers, 'retry-after': String(retryAfter) } : headers };
}

/** What was due by now happens first, and stays even if the request is refused. */
function handle(exchange: Exchange, text: string): Reply {
  const { match, url, operation, request, context, now: clock } = exchange;
  const now = clock();
  context.state.transaction(() => settle(context, now));
  if (match === undefined) throw notFound();
  const call = {
    operation,
    path: url.pathname,
    params: match.params,
    query: url.searchParams,
    headers: request.headers,
    body: parseBody(text),
    baseUrl: url.origin,
    now,
    context,
  };
  return context.state.transaction(() => match.route.handle(call));
}

/** What is not a refusal is a fault of the sandbox's own, and says so. */
function errorReply(error: unknown): Reply {
  const refused = error instanceof ApiError ? error : serverError(failureOf(error));
  return { status: refused.status, body: refused.body ?? { id: refused.id, message: refused.message } };
}

const failureOf = (error: unknown): string =>
  error instanceof StateFileError ? error.message : `The sandbox failed: ${String(error)}`;

function send(response: ServerResponse, answer: Answer, requestId: string): void {
  const { status, html } = answer;
  response.writeHead(status, {
    ...answer.headers,
    'x-request-id': requestId,
    ...((html ?? answer.body) !== undefined && {
      'content-type': html === undefined ? 'application/json; charset=utf-8' : 'text/html',
    }),
  });
  response.end(html ?? textOf(answer, requestId));
}

/** Every error carries the id of its request, which DigitalOcean's support asks for. */
function textOf({ status, body }: Answer, requestId: string): string | undefined {
  if (body === undefined) return undefined;
  return JSON.stringify(status >= 400 ? { ...(body as object), request_id: requestId } : body);
}
