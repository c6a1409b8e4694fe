import { printable, shortened } from '../log/printable.ts';
import { ABORTED, ABORTED_BEFORE_SENDING, CloudError, TIMED_OUT } from './errors.ts';
import type { Reply } from './exchange.ts';

/** The error for a reply with a status of 400 or more. */
export function refused(operation: string, reply: Reply): CloudError {
  const { id, message, requestId } = errorBody(reply.data);
  const detail = message === undefined ? '' : `: ${message}`;
  return new CloudError({
    operation,
    status: reply.status,
    message: sentenceFor(operation, reply.status, detail),
    ...(id !== undefined && { id }),
    ...(requestId !== undefined && { requestId }),
    ...(reply.retryAfterMs !== undefined && { retryAfterMs: reply.retryAfterMs }),
  });
}

/** The error for a reply that says that it succeeded, in words that make no sense. */
export function senseless(operation: string, status: number): CloudError {
  const message =
    `What answered ${operation} with ${status} does not speak DigitalOcean's API: ` +
    'check DIGITALOCEAN_API_URL, and whether a proxy answers in its place';
  return new CloudError({ operation, status, message });
}

/** The error for a reply of DigitalOcean's own kind with something in it that cannot be. */
export function unreadable(operation: string, status: number, what: string): CloudError {
  return new CloudError({ operation, status, message: unreadableSentence(operation, what) });
}

/** What to say of it. */
export const unreadableSentence = (operation: string, what: string): string =>
  `DigitalOcean's reply to ${operation} holds what cannot be: ${what}; check DIGITALOCEAN_API_URL, and whether a proxy answers in its place`;

/** The error for a call that got no reply because of `error`. */
export function unanswered(operation: string, error: unknown): CloudError {
  const { code = 'UNKNOWN', message } = error as { code?: string; message?: string };
  const why = printable(shortened(message || code, 300));
  return new CloudError({
    operation,
    code,
    message: `DigitalOcean cannot be reached for ${operation} (${why}): check the network and DIGITALOCEAN_API_URL`,
  });
}

/** The error for a call that got no reply in time. */
export function timedOut(operation: string, timeoutMs: number): CloudError {
  const message = `DigitalOcean did not answer ${operation} within ${timeoutMs / 1000} s: it may be slow, or the network is`;
  return new CloudError({ operation, code: TIMED_OUT, message });
}

/** The error for a call that its caller stopped after it was sent. */
export function aborted(operation: string): CloudError {
  return new CloudError({
    operation,
    code: ABORTED,
    message: `${operation} was stopped before DigitalOcean answered`,
  });
}

/** The error for a call that was stopped while it waited for its turn, because of `reason`. */
export function neverSent(operation: string, reason: unknown): CloudError {
  const why = reason instanceof Error ? `: ${reason.message}` : '';
  return new CloudError({
    operation,
    code: ABORTED_BEFORE_SENDING,
    message: `${operation} was never sent to DigitalOcean${why}`,
  });
}

function sentenceFor(operation: string, status: number, detail: string): string {
  switch (status) {
    case 401:
      return 'DigitalOcean refused the token (401): set DO_TOKEN to a token with read and write scope';
    case 403:
      return `DigitalOcean forbids ${operation} to this token (403): set DO_TOKEN to a token with read and write scope`;
    case 404:
      return `DigitalOcean found nothing for ${operation} (404)${detail}`;
    case 429:
      return `DigitalOcean's rate limit is used up, so ${operation} must wait (429): does something else use the same token?`;
    default:
      return status >= 500
        ? `DigitalOcean failed at ${operation} (${status})${detail}; see https://status.digitalocean.com if it lasts`
        : `DigitalOcean refused ${operation} (${status})${detail}`;
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
