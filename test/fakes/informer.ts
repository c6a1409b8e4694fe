import type { Change, Informer, KubernetesClient } from '../../clients/kubernetes/client.ts';
import type { ResourceKind } from '../../clients/kubernetes/kinds.ts';
import { keyOf, type KubernetesObject, type ObjectKey } from '../../crds/meta.ts';

/** An informer whose watch can be held back, to show a stale cache. */
export interface FakeInformer<T extends KubernetesObject> extends Informer<T> {
  /** Events pile up until `resume`. */
  pause(): void;
  resume(): void;
  /** Tells every object again, as a periodic resync does. */
  resync(): void;
}

/** A list and one endless watch over the client; no retry, no relist. */
export function fakeInformer<T extends KubernetesObject>(
  client: KubernetesClient,
  kind: ResourceKind<T>,
): FakeInformer<T> {
  const objects = new Map<ObjectKey, T>();
  const indexes = new Map<string, (object: T) => readonly string[]>();
  const handlers: ((change: Change<T>) => void)[] = [];
  const synced = Promise.withResolvers<void>();
  let hasSynced = false;
  let isPaused = false;
  let backlog: (() => void)[] = [];
  let waiters: { key: ObjectKey; version: number; resolve: () => void }[] = [];
  let seen = 0;

  const emit = (change: Change<T>): void => handlers.forEach(handler => handler(change));

  function apply(type: Change<T>['type'], object: T, initial = false): void {
    const key = keyOf(object);
    const before = objects.get(key);
    if (type === 'deleted') objects.delete(key);
    else objects.set(key, Object.freeze(object));
    seen = Math.max(seen, Number(object.metadata.resourceVersion));
    const isUpdate = type !== 'deleted' && before !== undefined;
    emit(isUpdate ? { type: 'updated', object, before, initial } : { type, object, initial });
    waiters = waiters.filter(({ version, resolve }) => version > seen || resolve());
  }

  async function run(signal: AbortSignal): Promise<void> {
    const { items, resourceVersion } = await client.list(kind, {}, { signal });
    for (const item of items) apply('added', item, true);
    hasSynced = true;
    synced.resolve();
    const selection = { resourceVersion, timeoutSeconds: 300 };
    for await (const { type, object } of client.watch(kind, selection, { signal })) {
      const deliver = (): void => apply(type === 'DELETED' ? 'deleted' : 'added', object);
      if (isPaused) backlog.push(deliver);
      else deliver();
    }
  }

  return {
    kind,
    get: key => objects.get(key),
    list: () => [...objects.values()],
    byIndex(index, value) {
      const valuesOf = indexes.get(index);
      if (valuesOf === undefined) throw new Error(`There is no index ${index}.`);
      return [...objects.values()].filter(object => valuesOf(object).includes(value));
    },
    addIndex: (name, valuesOf) => void indexes.set(name, valuesOf),
    onChange: handler => void handlers.push(handler),
    start(signal) {
      run(signal).catch((error: unknown) => {
        if (!signal.aborted) synced.reject(error);
      });
    },
    synced: () => synced.promise,
    hasSynced: () => hasSynced,
    caughtUp: (key, resourceVersion) =>
      new Promise(resolve => {
        if (seen >= Number(resourceVersion)) resolve();
        else waiters.push({ key, version: Number(resourceVersion), resolve });
      }),
    pause: () => void (isPaused = true),
    resume() {
      isPaused = false;
      for (const deliver of backlog.splice(0)) deliver();
    },
    resync: () => objects.forEach(object => emit({ type: 'resynced', object, initial: false })),
  };
}
