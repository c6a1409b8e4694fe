import { Pool } from 'undici';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { createRequestedWaits, type RequestedWaits } from '../requested-wait.ts';
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
  log?: Pick<Logger, 'warn'> | undefined;
}

/**
 * DigitalOcean's tokens have 71 characters. A short one is a word for a sandbox, which takes any, and may be a part of
 * somebody's names: those are not to be changed.
 */
const LEAST_SECRET = 20;

/** After this long it is asked again, whatever a reply says: one that is mistaken must not stop everything. */
const LONGEST_PAUSE_MS = 300_000;

/** A page of 200 droplets is about a megabyte. */
const LONGEST_REPLY = 32 * 1024 * 1024;

/** A transport. No connection is made before the first request. Throws on a token that no header can carry. */
export function createTransport(options: TransportOptions): Transport {
  const { token, apiUrl, clock, callTimeoutMs, log } = options;
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new Error(
      'The DigitalOcean token is empty, or holds a blank or a special character: check DO_TOKEN',
    );
  const { origin, pathname } = new URL(apiUrl);
  const base = `${pathname.replace(/\/+$/, '')}/v2`;
  const waits = createRequestedWaits('DigitalOcean', LONGEST_PAUSE_MS, log);
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
    const text = await readText(response.body);
    // Something on the way may send back what it was sent.
    const safe = token.length < LEAST_SECRET ? text : text.replaceAll(token, '[token]');
    return {
      status: response.statusCode,
      data: parseJson(safe),
      ...readLimits(response.headers, waits, clock.now()),
    };
  }

  return {
    async send(request) {
      const { signal } = request;
      const stop = new AbortController();
      const onStop = (): void => stop.abort();
      const cancelDeadline = clock.after(callTimeoutMs, onStop);
      // Not AbortSignal.any: the caller's signal may live as long as the program.
      signal?.addEventListener('abort', onStop);
      if (signal?.aborted) onStop();
      try {
        return await exchange(request, stop.signal);
      } catch (error) {
        if (signal?.aborted) throw aborted(request);
        throw stop.signal.aborted ? timedOut(request, callTimeoutMs) : unanswered(request, error);
      } finally {
        cancelDeadline();
        signal?.removeEventListener('abort', onStop);
      }
    },
    close: () => void pool.destroy(),
  };
}

type Headers = Record<string, string | string[] | undefined>;

/** What a reply says of the limits: the time of the reset, which every reply has, matters once nothing is left. */
function readLimits(headers: Headers, waits: RequestedWaits, now: number): Omit<Reply, 'status' | 'data'> {
  const remaining = countIn(headers['ratelimit-remaining']);
  const resetMs = remaining === 0 ? waits.until(headers['ratelimit-reset'], now) : undefined;
  const retryAfterMs = waits.read(headers['retry-after']);
  return {
    ...(remaining !== undefined && { remaining }),
    ...(resetMs !== undefined && { resetMs: Math.max(1000, resetMs) }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

const countIn = (value: string | string[] | undefined): number | undefined =>
  typeof value === 'string' && /^[0-9]{1,9}$/.test(value) ? Number(value) : undefined;

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > LONGEST_REPLY) throw new Error(`the reply is longer than ${LONGEST_REPLY / 1024 ** 2} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A gateway's error page is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
