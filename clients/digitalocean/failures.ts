import { printable, shortened } from '../log/printable.ts';
import { ABORTED, ABORTED_BEFORE_SENDING, CloudError, STRANGER, TIMED_OUT } from './errors.ts';
import type { Reply, Request } from './exchange.ts';

/** What a call was for. */
type Purpose = Pick<Request, 'operation' | 'path'>;

/**
 * The error for a reply with a status of 400 or more. Whatever refuses in other words than DigitalOcean's does not speak
 * for it: that there is no such thing, or that nothing was done, is not known then. A limit of the rate may be told by
 * what stands before the API.
 */
export function refused(request: Purpose, reply: Reply): CloudError {
  const { id, message, requestId } = errorBody(reply.data);
  if (message === undefined && reply.status < 500 && reply.status !== 429)
    return new CloudError({
      operation: request.operation,
      code: STRANGER,
      message: sentenceOfStranger(request.operation, reply.status),
    });
  const detail = message === undefined ? '' : `: ${message}`;
  return new CloudError({
    operation: request.operation,
    status: reply.status,
    message: sentenceFor(inWords(request), reply.status, detail),
    ...(id !== undefined && { id }),
    ...(requestId !== undefined && { requestId }),
    ...(reply.retryAfterMs !== undefined && { retryAfterMs: reply.retryAfterMs }),
  });
}

/** The error for a reply that says that it succeeded, in words that make no sense. */
export const senseless = (operation: string, status: number): CloudError =>
  new CloudError({ operation, status, message: sentenceOfStranger(operation, status) });

const sentenceOfStranger = (operation: string, status: number): string =>
  `What answered ${operation} with ${status} does not speak DigitalOcean's API: ` +
  'check DIGITALOCEAN_API_URL, and whether a proxy answers in its place';

/** The error for a reply of DigitalOcean's own kind with something in it that cannot be. */
export function unreadable(operation: string, status: number, what: string): CloudError {
  return new CloudError({ operation, status, message: unreadableSentence(operation, what) });
}

/** What to say of it. */
export const unreadableSentence = (operation: string, what: string): string =>
  `DigitalOcean's reply to ${operation} holds what cannot be: ${what}; check DIGITALOCEAN_API_URL, and whether a proxy answers in its place`;

/** The error for a call that got no reply because of `error`. */
export function unanswered(request: Purpose, error: unknown): CloudError {
  const { code = 'UNKNOWN', message } = error as { code?: string; message?: string };
  const why = printable(shortened(message || code, 300));
  return new CloudError({
    operation: request.operation,
    code,
    message: `cannot reach DigitalOcean to ${inWords(request)} (${why}): check the network and DIGITALOCEAN_API_URL`,
  });
}

/** The error for a call that got no reply in time. */
export function timedOut(request: Purpose, timeoutMs: number): CloudError {
  const message = `timed out after ${timeoutMs / 1000} s waiting for DigitalOcean to ${inWords(request)}: its API or the network is slow`;
  return new CloudError({ operation: request.operation, code: TIMED_OUT, message });
}

/** The error for a call that its caller stopped after it was sent. */
export function aborted(request: Purpose): CloudError {
  return new CloudError({
    operation: request.operation,
    code: ABORTED,
    message: `stopped before DigitalOcean answered the request to ${inWords(request)}`,
  });
}

/** The error for a call that was stopped while it waited for its turn, because of `reason`. */
export function neverSent(request: Purpose, reason: unknown): CloudError {
  const why = reason instanceof Error ? `: ${reason.message}` : '';
  return new CloudError({
    operation: request.operation,
    code: ABORTED_BEFORE_SENDING,
    message: `request to ${inWords(request)} not sent to DigitalOcean${why}`,
  });
}

function sentenceFor(purpose: string, status: number, detail: string): string {
  switch (status) {
    case 401:
      return 'DigitalOcean refused the token (401): set DO_TOKEN to a token with read and write scope';
    case 403:
      return `DigitalOcean does not let this token ${purpose} (403): set DO_TOKEN to a token with read and write scope`;
    case 404:
      return `DigitalOcean could not ${purpose}: not found (404)${detail}`;
    case 429:
      return `DigitalOcean's rate limit is used up, cannot ${purpose} yet (429): does something else use the same token?`;
    default:
      return status >= 500
        ? `DigitalOcean failed to ${purpose} (${status})${detail}; see https://status.digitalocean.com if it lasts`
        : `DigitalOcean refused to ${purpose} (${status})${detail}`;
  }
}

/** The parts of an error's body: `{id, message, request_id}`, or `{error}` from the tags' own validation. */
function errorBody(data: unknown): { id?: string; message?: string; requestId?: string } {
  if (typeof data !== 'object' || data === null) return {};
  const { id, message, error, request_id: requestId } = data as Record<string, unknown>;
  const detail = typeof message === 'string' ? message : error;
  return {
    ...(typeof id === 'string' && { id }),
    ...(typeof detail === 'string' && { message: printable(shortened(detail, 500)) }),
    ...(typeof requestId === 'string' && { requestId: printable(shortened(requestId, 100)) }),
  };
}

/** Such as `resize droplet 7`, `create a droplet` or `list droplets`. */
function inWords({ operation, path }: Purpose): string {
  const words = operation.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`).split(' ');
  const noun = words.pop()!;
  const id = new RegExp(`/${noun}s/([^/?]+)`).exec(path)?.[1];
  const object =
    id !== undefined ? `${noun} ${id}` : noun.endsWith('s') ? noun : `${articleOf(noun)} ${noun}`;
  return [...words, object].join(' ');
}

/** A token has one account; of all else there are several. */
const articleOf = (noun: string): string => (noun === 'account' ? 'the' : /^[aeiou]/.test(noun) ? 'an' : 'a');
