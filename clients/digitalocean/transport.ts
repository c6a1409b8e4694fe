import { Pool } from 'undici';
import type { Clock } from '../clock.ts';
import type { Reply, Request } from './exchange.ts';
import { aborted, timedOut, unanswered } from './failures.ts';

/** Sends requests with the token, over connections that are kept. */
export interface Transport {
  /** Sends it once. Throws a CloudError without a status when no reply comes. */
  send(request: Request): Promise<Reply>;
  close(): void;
}

/** What a transport needs. */
export interface TransportOptions {
  token: string;
  /** Scheme, host and port, and perhaps a path that goes before `/v2`. */
  apiUrl: string;
  clock: Clock;
  /** How long a reply may take, from the sending to its last byte. */
  callTimeoutMs: number;
}

/**
 * DigitalOcean's tokens have 71 characters. A short one is a word for a sandbox, which takes any, and may be a part of
 * somebody's names: those are not to be changed.
 */
const LEAST_SECRET = 20;

/** No limit of DigitalOcean's lasts longer: a reply that asks for more is mistaken, and must not stop everything. */
const LONGEST_PAUSE_MS = 3_600_000;

/** A transport. No connection is made before the first request. Throws on a token that no header can carry. */
export function createTransport({ token, apiUrl, clock, callTimeoutMs }: TransportOptions): Transport {
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new Error(
      'The DigitalOcean token is empty, or holds a blank or a special character: check DO_TOKEN',
    );
  const { origin, pathname } = new URL(apiUrl);
  const base = `${pathname.replace(/\/+$/, '')}/v2`;
  // The pool closes a connection after 4 idle seconds, before any server would, so that a POST does not run
  // into a connection that is being closed. The timeouts are ours, so that tests can hold their clock.
  const pool = new Pool(origin, { headersTimeout: 0, bodyTimeout: 0 });

  async function exchange({ method, path, body }: Request, signal: AbortSignal): Promise<Reply> {
    const hasBody = body !== undefined;
    const response = await pool.request({
      method,
      path: base + path,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        'user-agent': 'dropfleet',
        ...(hasBody && { 'content-type': 'application/json' }),
      },
      ...(hasBody && { body: JSON.stringify(body) }),
      signal,
    });
    const text = await response.body.text();
    // Something on the way may send back what it was sent.
    const safe = token.length < LEAST_SECRET ? text : text.replaceAll(token, '[token]');
    return readReply(response.statusCode, response.headers, safe, clock.now());
  }

  return {
    async send(request) {
      const { operation, signal } = request;
      const stop = new AbortController();
      const onStop = (): void => stop.abort();
      const cancelDeadline = clock.after(callTimeoutMs, onStop);
      // Not AbortSignal.any: the caller's signal may live as long as the program.
      signal?.addEventListener('abort', onStop);
      if (signal?.aborted) onStop();
      try {
        return await exchange(request, stop.signal);
      } catch (error) {
        if (signal?.aborted) throw aborted(operation);
        throw stop.signal.aborted ? timedOut(operation, callTimeoutMs) : unanswered(operation, error);
      } finally {
        cancelDeadline();
        signal?.removeEventListener('abort', onStop);
      }
    },
    close: () => void pool.destroy(),
  };
}

type Headers = Record<string, string | string[] | undefined>;

function readReply(status: number, headers: Headers, text: string, now: number): Reply {
  const remaining = numberIn(headers, 'ratelimit-remaining');
  const resetAt = numberIn(headers, 'ratelimit-reset');
  const retryAfter = numberIn(headers, 'retry-after');
  return {
    status,
    data: parseJson(text),
    ...(remaining !== undefined && { remaining }),
    ...(resetAt !== undefined && { resetMs: pause(Math.max(1000, resetAt * 1000 - now)) }),
    ...(retryAfter !== undefined && { retryAfterMs: pause(retryAfter * 1000) }),
  };
}

const pause = (ms: number): number => Math.min(ms, LONGEST_PAUSE_MS);

function numberIn(headers: Headers, name: string): number | undefined {
  const value = Number(headers[name] ?? NaN);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** A gateway's error page is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
