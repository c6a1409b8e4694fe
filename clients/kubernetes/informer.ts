import type { KubernetesObject, ObjectKey } from '../../crds/meta.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { Change, Informer, KubernetesClient, Selection } from './client.ts';
import type { ResourceKind } from './kinds.ts';
import { createObjectCache, type ObjectCache } from './object-cache.ts';
import { createObjectStore, type ObjectStore } from './object-store.ts';
import { reflect } from './reflector.ts';
import { compareVersions } from './resource-version.ts';

/** How an informer behaves. */
export interface InformerOptions {
  /** Narrows what is cached; everything when absent. */
  selection?: Selection;
  clock: Clock;
  /** 0 up to but not including 1. */
  random: () => number;
  log: Logger;
  /** Gets what a handler or an index function throws; it is logged when absent. */
  onError?: (error: unknown) => void;
  /** Reports every object again about this often, as `resynced`; never when absent. */
  resyncMs?: number;
}

/** An informer that lists and watches `kind` at `source`. It does nothing before `start`. */
export function createInformer<T extends KubernetesObject>(
  source: Pick<KubernetesClient, 'list' | 'watch'>,
  kind: ResourceKind<T>,
  options: InformerOptions,
): Informer<T> {
  const { clock, random, resyncMs, selection = {} } = options;
  const log = options.log.with({ kind: kind.kind });
  const onError = options.onError ?? (error => log.error('a handler failed', { error: String(error) }));
  const store = createObjectStore<T>();
  const handlers: ((change: Change<T>) => void)[] = [];
  const waiting = createWaitingRoom(clock, (key, version) => hasSeen(store, cache, key, version));
  const first = Promise.withResolvers<void>();
  // Whoever waits gets the rejection; when nobody does, it is no news.
  first.promise.catch(() => undefined);
  let started = false;
  const notify = (changes: readonly Change<T>[]): void => {
    for (const change of changes) for (const handler of handlers) isolated(onError, () => handler(change));
  };
  const cache = createObjectCache<T>(store, changes => {
    first.resolve();
    waiting.admit();
    notify(changes);
  });
  return {
    kind,
    get: key => store.get(key),
    list: () => store.list(),
    byIndex: (index, value) => store.byIndex(index, value),
    addIndex(name, valuesOf) {
      if (started) throw new Error(`the index "${name}" comes too late: the informer has started`);
      store.addIndex(name, object => isolated(onError, () => valuesOf(object)) ?? []);
    },
    onChange: handler => void handlers.push(handler),
    start(signal) {
      if (started) throw new Error(`the informer of ${kind.plural} has already started`);
      started = true;
      void orAborted(first.promise, signal).catch(first.reject);
      void reflect({ source, kind, selection, clock, random, log }, cache, signal);
      if (resyncMs !== undefined) resync(clock, random, resyncMs, signal, () => notify(resynced(store)));
    },
    synced: signal => orAborted(first.promise, signal),
    hasSynced: () => cache.version() !== undefined,
    caughtUp: (key, version, timeoutMs) => waiting.enter(key, version, timeoutMs),
  };
}

function isolated<R>(onError: (error: unknown) => void, work: () => R): R | undefined {
  try {
    return work();
  } catch (error) {
    onError(error);
    return undefined;
  }
}

/**
 * Whether the cache knows of that write or of something later. History comes in order, so anything seen of
 * that version or a later one will do, and an object that is not there by then has been deleted.
 */
function hasSeen<T extends KubernetesObject>(
  store: ObjectStore<T>,
  cache: ObjectCache<T>,
  key: ObjectKey,
  version: string,
): boolean {
  const cached = store.get(key)?.metadata.resourceVersion;
  const known = cache.version();
  return cached === version || (known !== undefined && (compareVersions(known, version) ?? -1) >= 0);
}

interface WaitingRoom {
  /** Resolves when the version has been seen, or after `timeoutMs`. */
  enter(key: ObjectKey, version: string, timeoutMs: number): Promise<void>;
  /** Releases all whose version has been seen. */
  admit(): void;
}

function createWaitingRoom(clock: Clock, hasSeen: (key: ObjectKey, version: string) => boolean): WaitingRoom {
  const visitors = new Set<{ key: ObjectKey; version: string; leave: () => void }>();
  return {
    enter(key, version, timeoutMs) {
      if (hasSeen(key, version)) return Promise.resolve();
      return new Promise(resolve => {
        const visitor = { key, version, leave: (): void => undefined };
        const cancel = clock.after(timeoutMs, () => visitor.leave());
        visitor.leave = () => {
          visitors.delete(visitor);
          cancel();
          resolve();
        };
        visitors.add(visitor);
      });
    },
    admit() {
      for (const { key, version, leave } of visitors) if (hasSeen(key, version)) leave();
    },
  };
}

const resynced = <T extends KubernetesObject>(store: ObjectStore<T>): Change<T>[] =>
  store.list().map(object => ({ type: 'resynced', object, initial: false }));

/** Every period is up to a tenth longer, so that the kinds do not come all at once. */
function resync(
  clock: Clock,
  random: () => number,
  periodMs: number,
  signal: AbortSignal,
  work: () => void,
): void {
  const arm = (): (() => void) =>
    clock.after(periodMs * (1 + random() / 10), () => {
      work();
      cancel = arm();
    });
  let cancel = arm();
  signal.addEventListener('abort', () => cancel(), { once: true });
}

function orAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
