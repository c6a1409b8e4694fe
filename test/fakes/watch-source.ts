import type { KubernetesClient, ObjectList, WatchEvent } from '../../clients/kubernetes/client.ts';
import { KubernetesError } from '../../clients/kubernetes/errors.ts';
import type { KubernetesObject } from '../../crds/meta.ts';

/** A cluster-scoped object that only has an identity. */
export type Thing = KubernetesObject;

/** A server's list and watch, whose network does nothing by itself and breaks when told to. */
export interface FakeWatchSource extends Pick<KubernetesClient, 'list' | 'watch'> {
  /** Creates the object of that name, or changes it; its new version. */
  put(name: string): string;
  /** Deletes the object of that name, if it is there. */
  remove(name: string): void;
  /** What the server holds, in the order of creation. */
  objects(): Thing[];
  /** Lets that many events that are under way arrive. */
  deliver(count: number): void;
  /** Sends an event again that was sent before, `back` events ago. */
  repeat(back: number): void;
  /** Tells the version of what was sent last. */
  bookmark(): void;
  /** Breaks the watch; events under way are lost. */
  cut(error?: Error): void;
  /** Ends the watch in good order; events under way are lost. */
  end(): void;
  /** Forgets history: a watch from before now is refused with 410. */
  compact(): void;
  /** The next list rejects with the error. */
  failNextList(error: Error): void;
  /** The versions that watches were asked to begin at. */
  readonly watchedFrom: string[];
  readonly lists: number;
}

/** A refusal of the API server. */
export const refusal = (code: number, reason: string, retryAfterSeconds?: number): KubernetesError =>
  new KubernetesError(reason, { method: 'GET', path: '/things' }, { code, reason, retryAfterSeconds });

/** The network's failure. */
export const cutOff = (): KubernetesError => refusal(0, 'Unreachable');

interface Watch {
  /** Index into the history of what is sent next. */
  next: number;
  outbox: WatchEvent<Thing>[];
  closed: { error?: Error } | undefined;
  wake: () => void;
}

/** A server with no objects. Only one watch at a time is looked after. */
export function fakeWatchSource(): FakeWatchSource {
  const objects = new Map<string, Thing>();
  const history: WatchEvent<Thing>[] = [];
  const watchedFrom: string[] = [];
  let version = 100;
  let oldest = 100;
  let uids = 0;
  let lists = 0;
  let listFailure: Error | undefined;
  let current: Watch | undefined;

  const record = (type: 'ADDED' | 'MODIFIED' | 'DELETED', name: string, uid: string): Thing => {
    const metadata = { name, uid, resourceVersion: `${++version}` };
    const object: Thing = { apiVersion: 'v1', kind: 'Thing', metadata };
    history.push({ type, object });
    return object;
  };
  const send = (event: WatchEvent<Thing> | undefined): void => {
    if (event === undefined || current === undefined) return;
    current.outbox.push(structuredClone(event));
    current.wake();
  };
  const close = (error?: Error): void => {
    if (current === undefined) return;
    current.outbox.length = 0;
    current.closed = error === undefined ? {} : { error };
    current.wake();
  };

  async function* watch(from: number, signal: AbortSignal | undefined): AsyncGenerator<WatchEvent<Thing>> {
    if (from < oldest) throw refusal(410, 'Expired');
    const next = history.findIndex(({ object }) => Number(object.metadata.resourceVersion) > from);
    const own: Watch = {
      next: next < 0 ? history.length : next,
      outbox: [],
      closed: undefined,
      wake: () => undefined,
    };
    current = own;
    signal?.addEventListener('abort', () => own.wake(), { once: true });
    for (;;) {
      signal?.throwIfAborted();
      const event = own.outbox.shift();
      if (event !== undefined) yield event;
      else if (own.closed?.error) throw own.closed.error;
      else if (own.closed) return;
      else await new Promise<void>(resolve => (own.wake = resolve));
    }
  }

  return {
    watchedFrom,
    get lists() {
      return lists;
    },
    put(name) {
      const before = objects.get(name);
      const uid = before?.metadata.uid ?? `uid-${++uids}`;
      const object = record(before ? 'MODIFIED' : 'ADDED', name, uid);
      objects.set(name, object);
      return object.metadata.resourceVersion!;
    },
    remove(name) {
      const before = objects.get(name);
      if (before) record('DELETED', name, before.metadata.uid!);
      objects.delete(name);
    },
    objects: () => [...objects.values()],
    deliver(count) {
      if (current === undefined) return;
      const { next } = current;
      current.next = Math.min(next + count, history.length);
      history.slice(next, current.next).forEach(send);
    },
    repeat: back => send(current && history[current.next - 1 - back]),
    bookmark() {
      const last = current && history[current.next - 1];
      if (last) send({ type: 'BOOKMARK', object: last.object });
    },
    cut: (error = cutOff()) => close(error),
    end: () => close(),
    compact: () => void (oldest = version),
    failNextList: error => void (listFailure = error),
    async list<T extends KubernetesObject>() {
      lists++;
      const error = listFailure;
      listFailure = undefined;
      if (error) throw error;
      const items = structuredClone([...objects.values()]);
      return { items, resourceVersion: `${version}` } as ObjectList<KubernetesObject> as ObjectList<T>;
    },
    watch<T extends KubernetesObject>(
      _kind: unknown,
      { resourceVersion }: { resourceVersion: string },
      { signal }: { signal?: AbortSignal } = {},
    ) {
      watchedFrom.push(resourceVersion);
      return watch(Number(resourceVersion), signal) as AsyncGenerator<WatchEvent<T>>;
    },
  };
}
