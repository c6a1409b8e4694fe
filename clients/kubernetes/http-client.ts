import { keyOf, type KubernetesObject } from '../../crds/meta.ts';
import { sleep, type Clock } from '../clock.ts';
import type { CallOptions, KubernetesClient, ObjectList, Selection } from './client.ts';
import { isExpired, isNotFound, isTooManyRequests, KubernetesError } from './errors.ts';
import type { ResourceKind } from './kinds.ts';
import type { Connection } from './kubeconfig.ts';
import { apiVersionOf, collectionPath, objectPath, queryOf } from './resource-path.ts';
import { createTransport, type Call, type RequestRecord, type Transport } from './transport.ts';
import { openWatch } from './watch.ts';

/** How a client behaves. */
export interface ClientOptions {
  clock: Clock;
  /**
   * How long one request may take. The default, 10 s, is for calls that nothing hangs on; a leader's calls
   * must end before its lease can be taken: lease duration less renew deadline.
   */
  callTimeoutMs?: number;
  /** Told of every request that ended; for a watch, that began. */
  onRequest?: (record: RequestRecord) => void;
}

const CALL_TIMEOUT_MS = 10_000;
const PAGE_SIZE = 500;
/** A list that outlives its continue token this often is read from a server in trouble. */
const LIST_ATTEMPTS = 3;
const SEND_ATTEMPTS = 4;
/** Longer is for the caller's own backoff to wait. */
const LONGEST_RETRY_AFTER_SECONDS = 5;

/**
 * A client of the API server at `connection`. Every failure of a call is a KubernetesError; an abort rejects
 * with the signal's reason, and unusable credentials with a KubeconfigError. `close` cuts what is under way.
 */
export function createKubernetesClient(
  connection: Connection,
  options: ClientOptions,
): KubernetesClient & { close(): Promise<void> } {
  const { clock, callTimeoutMs = CALL_TIMEOUT_MS, onRequest } = options;
  const transport = createTransport(connection, { clock, callTimeoutMs, onRequest });
  const send = <T>(call: Call): Promise<T> => sendPatiently<T>(transport, clock, call);
  return {
    get: (kind, key, { signal } = {}) => send({ method: 'GET', path: objectPath(kind, key), signal }),
    list: (kind, selection = {}, { signal } = {}) => list(send, kind, selection, signal),
    create: (kind, object, { signal } = {}) =>
      send({ method: 'POST', path: collectionPath(kind, object.metadata.namespace), body: object, signal }),
    replace: (kind, object, { signal } = {}) =>
      send({ method: 'PUT', path: objectPath(kind, keyOf(object)), body: object, signal }),
    patch: (kind, key, patch, { signal, subresource } = {}) =>
      send({
        method: 'PATCH',
        path: objectPath(kind, key, subresource),
        body: patch,
        contentType: 'application/merge-patch+json',
        signal,
      }),
    delete: (kind, key, deletion = {}) => remove(send, objectPath(kind, key), deletion),
    watch: (kind, selection, { signal } = {}) => openWatch(transport, kind, selection, signal),
    close: () => transport.close(),
  };
}

type Send = <T>(call: Call) => Promise<T>;

/**
 * Waits and asks again when the server says that it did not serve the call and when to come back: with 429
 * for anything, with 503 for reads only, because something in between may have said it of a write that went
 * through.
 */
async function sendPatiently<T>(transport: Transport, clock: Clock, call: Call): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return (await transport.send(call)) as T;
    } catch (error) {
      const seconds = retryAfter(error, call);
      if (seconds === undefined || attempt >= SEND_ATTEMPTS) throw error;
      await sleep(clock, seconds * 1000, call.signal);
    }
  }
}

function retryAfter(error: unknown, call: Call): number | undefined {
  if (!(error instanceof KubernetesError)) return undefined;
  const seconds = error.retryAfterSeconds;
  const unavailable = error.code === 503 && call.method === 'GET';
  const mayRetry = isTooManyRequests(error) || unavailable;
  return mayRetry && seconds !== undefined && seconds <= LONGEST_RETRY_AFTER_SECONDS ? seconds : undefined;
}

async function list<T extends KubernetesObject>(
  send: Send,
  kind: ResourceKind<T>,
  selection: Selection,
  signal: AbortSignal | undefined,
): Promise<ObjectList<T>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await listPages(send, kind, selection, signal);
    } catch (error) {
      if (!isExpired(error) || attempt >= LIST_ATTEMPTS) throw error;
    }
  }
}

interface Page<T> {
  metadata: { resourceVersion: string; continue?: string };
  items: T[] | null;
}

async function listPages<T extends KubernetesObject>(
  send: Send,
  kind: ResourceKind<T>,
  selection: Selection,
  signal: AbortSignal | undefined,
): Promise<ObjectList<T>> {
  const path = collectionPath(kind, selection.namespace);
  // Built-in kinds leave both out of the items of a list.
  const identity = { apiVersion: apiVersionOf(kind), kind: kind.kind };
  const items: T[] = [];
  let next: string | undefined;
  for (;;) {
    const query = queryOf(selection, { limit: `${PAGE_SIZE}`, continue: next });
    const page: Page<T> = await send({ method: 'GET', path: `${path}?${query}`, signal });
    for (const item of page.items ?? []) items.push({ ...identity, ...item });
    next = page.metadata.continue || undefined;
    if (next === undefined) return { items, resourceVersion: page.metadata.resourceVersion };
  }
}

async function remove(
  send: Send,
  path: string,
  deletion: CallOptions & { uid?: string; propagationPolicy?: string },
): Promise<void> {
  const { signal, uid, propagationPolicy } = deletion;
  const body = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(uid === undefined ? {} : { preconditions: { uid } }),
  };
  try {
    await send({ method: 'DELETE', path, body, signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
