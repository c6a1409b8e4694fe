import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';
import { assertMayAct } from '../guard.ts';
import { requestedWaitMs } from '../requested-wait.ts';
import { agentPool, type AgentPool } from './agents.ts';
import type { Credentials } from './credentials.ts';
import {
  fellSilent,
  refused,
  timedOut,
  unintelligible,
  unreachable,
  type FailedCall,
  type StatusBody,
} from './errors.ts';
import { KubeconfigError } from './kubeconfig-file.ts';
import type { Connection } from './kubeconfig.ts';

/** One call that ended, for metrics. */
export interface RequestRecord {
  method: string;
  /** Host and port of the API server. */
  host: string;
  /** The HTTP status; 0 when no answer came. */
  code: number;
  /** Until the answer's headers. */
  seconds: number;
}

/** What the transport needs besides the connection. */
export interface TransportOptions {
  clock: Clock;
  /** How long an answer may take, all of it; for a watch, until it begins. */
  callTimeoutMs: number;
  onRequest?: ((record: RequestRecord) => void) | undefined;
}

/** A request. */
export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query. */
  path: string;
  body?: unknown;
  /** Defaults to application/json. */
  contentType?: string;
  signal?: AbortSignal | undefined;
}

/** Sends calls to one API server. Failures are KubernetesErrors; an abort rejects with the signal's reason. */
export interface Transport {
  /** The answer's JSON. */
  send(call: Call): Promise<unknown>;
  /**
   * The answer's chunks as they come, for as long as they come. Throws too when none came for `silenceMs`:
   * the connection may be dead without anybody having said so.
   */
  stream(call: Call, silenceMs: number): AsyncIterable<Buffer>;
  /** Ends what is under way and releases the sockets. */
  close(): Promise<void>;
}

/** More calls than this wait for each other: it bounds the sockets, and a local server is busy by then. */
const CONNECTIONS = 32;
/** Idle sockets go before the 60 s after which load balancers cut them silently. */
const KEEP_ALIVE_MS = 30_000;
/** Credentials have a time of their own, beside that of the call: a plugin may ask a person. It gives up before. */
const CREDENTIALS_MS = 40_000;
/** No wait that an API server asks for is longer than this. */
const LONGEST_RETRY_AFTER_MS = 60_000;

/** A transport with keep-alive connections: one pool for calls, another so that watches never starve them. */
export function createTransport(connection: Connection, options: TransportOptions): Transport {
  const calls = agentPool(connection, { connections: CONNECTIONS, keepAliveTimeout: KEEP_ALIVE_MS });
  const streams = agentPool(connection, { keepAliveTimeout: KEEP_ALIVE_MS });
  const closing = new AbortController();
  const untilClosed = (call: Call): Call => ({
    ...call,
    signal: AbortSignal.any(call.signal ? [call.signal, closing.signal] : [closing.signal]),
  });
  return {
    async send(call) {
      const bound = untilClosed(call);
      const credentials = await credentialsFor(connection, bound, options);
      assertMayAct(call.signal);
      return send(calls, { ...connection, login: credentials }, bound, options);
    },
    async *stream(call, silenceMs) {
      const bound = untilClosed(call);
      const credentials = await credentialsFor(connection, bound, options);
      yield* stream(streams, { ...connection, login: credentials }, bound, options, silenceMs);
    },
    async close() {
      const call = { method: 'CLOSE', path: '/', server: connection.server };
      closing.abort(unreachable(call, new Error('this client has been closed')));
      await Promise.all([calls.close(), streams.close()]);
    },
  };
}

/** The way to the server, with what lets this one call in. */
type Admission = Connection & { login: Credentials };

async function credentialsFor(
  { credentials, server }: Connection,
  { signal }: Call,
  { clock }: TransportOptions,
): Promise<Credentials> {
  // Before the timer, which would else keep the process.
  signal?.throwIfAborted();
  const limit = new AbortController();
  const cancel = clock.after(CREDENTIALS_MS, () =>
    limit.abort(new KubeconfigError(`no credentials for ${server} came within ${CREDENTIALS_MS / 1000} s`)),
  );
  const stop = AbortSignal.any(signal ? [signal, limit.signal] : [limit.signal]);
  try {
    return await untilAborted(credentials.current(stop), stop);
  } finally {
    cancel();
  }
}

function send(
  pool: AgentPool,
  connection: Admission,
  call: Call,
  options: TransportOptions,
): Promise<unknown> {
  return withTimeout(call, connection.server, options, async signal => {
    const answer = await request(pool, connection, call, options, signal);
    return parseAnswer(await answer.body.text(), describe(call, connection.server));
  });
}

function parseAnswer(text: string, call: FailedCall): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unintelligible(call);
  }
}

async function* stream(
  pool: AgentPool,
  connection: Admission,
  call: Call,
  options: TransportOptions,
  silenceMs: number,
): AsyncGenerator<Buffer> {
  const { server } = connection;
  const answer = await withTimeout(call, server, options, signal =>
    request(pool, connection, call, options, signal),
  );
  const failed = describe(call, server);
  try {
    yield* untilSilent(answer.body, options.clock, silenceMs, () => fellSilent(failed, silenceMs));
  } catch (error) {
    call.signal?.throwIfAborted();
    throw isNetworkFailure(error) ? unreachable(failed, error) : error;
  }
}

async function* untilSilent(
  body: Readable,
  clock: Clock,
  silenceMs: number,
  failure: () => Error,
): AsyncGenerator<Buffer> {
  const arm = (): (() => void) => clock.after(silenceMs, () => body.destroy(failure()));
  let disarm = arm();
  try {
    for await (const chunk of body) {
      disarm();
      yield chunk as Buffer;
      disarm = arm();
    }
  } finally {
    disarm();
  }
}

/** Runs `work` with a signal that the caller or the timeout aborts, and names the failure for what it is. */
async function withTimeout<T>(
  call: Call,
  server: string,
  { clock, callTimeoutMs }: TransportOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  call.signal?.throwIfAborted();
  const timeout = new AbortController();
  const failed = describe(call, server);
  const cancel = clock.after(callTimeoutMs, () => timeout.abort(timedOut(failed, callTimeoutMs)));
  const signal = call.signal ? AbortSignal.any([call.signal, timeout.signal]) : timeout.signal;
  try {
    return await untilAborted(work(signal), signal);
  } catch (error) {
    signal.throwIfAborted();
    throw isNetworkFailure(error) ? unreachable(failed, error) : error;
  } finally {
    cancel();
  }
}

/** What knows nothing of signals is not waited for any more. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

async function request(
  pool: AgentPool,
  connection: Admission,
  call: Call,
  options: TransportOptions,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const { headers, tls } = connection.login;
  const origin = new URL(connection.server);
  const record = recorder(call.method, origin.host, options);
  const answer = await pool
    .agentFor(tls)
    .request({
      origin: origin.origin,
      path: `${origin.pathname.replace(/\/$/, '')}${call.path}`,
      method: call.method,
      headers: {
        ...headers,
        Accept: 'application/json',
        'User-Agent': 'dropfleet',
        ...(call.body === undefined ? {} : { 'Content-Type': call.contentType ?? 'application/json' }),
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      // Otherwise a DELETE that has a body costs its connection, and the next call another handshake.
      reset: false,
      signal,
    })
    .catch((error: unknown) => {
      record(0);
      throw error;
    });
  record(answer.statusCode);
  if (answer.statusCode < 400) return answer;
  if (answer.statusCode === 401) connection.credentials.forget();
  throw await refusal(call, connection.server, answer);
}

function recorder(method: string, host: string, options: TransportOptions): (code: number) => void {
  const started = options.clock.monotonic();
  return code => {
    const seconds = (options.clock.monotonic() - started) / 1000;
    options.onRequest?.({ method, host, code, seconds });
  };
}

async function refusal(call: Call, server: string, answer: Dispatcher.ResponseData): Promise<Error> {
  const status = statusOf(await answer.body.text());
  const retryAfter = answer.headers['retry-after'] ?? status.details?.retryAfterSeconds;
  const ms = requestedWaitMs(retryAfter, LONGEST_RETRY_AFTER_MS);
  return refused(describe(call, server), answer.statusCode, status, ms === undefined ? undefined : ms / 1000);
}

/** A proxy in between answers with a page, not with a Status. */
function statusOf(text: string): StatusBody {
  try {
    const status = JSON.parse(text) as StatusBody | null;
    if (typeof (status?.message ?? '') === 'string') return status ?? {};
  } catch {
    // Told below.
  }
  return { message: text.slice(0, 200) };
}

function describe(call: Call, server: string): FailedCall {
  const [path = ''] = call.path.split('?', 1);
  return { method: call.method, server, path };
}

/** undici's own errors and the system's have a code; ours, and mistakes in this program, do not. */
const isNetworkFailure = (error: unknown): boolean =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string';
