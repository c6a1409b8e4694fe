import { assertMayAct } from '../../clients/guard.ts';
import type { KubernetesClient, MergePatch, Selection } from '../../clients/kubernetes/client.ts';
import type { ResourceKind } from '../../clients/kubernetes/kinds.ts';
import { keyOf, type KubernetesObject, type ObjectKey } from '../../crds/meta.ts';
import { KubernetesStore } from './kubernetes-store.ts';

type Verb = 'get' | 'list' | 'create' | 'replace' | 'patch' | 'delete' | 'watch';

/** One call, in order of arrival. */
interface RecordedCall {
  verb: Verb;
  /** `Droplet`, ... */
  kind: string;
  /** Undefined for list and watch. */
  key?: ObjectKey;
  /** What was sent: the object, or the patch. */
  body?: unknown;
  subresource?: 'status';
}

interface PlannedFailure {
  verb: Verb;
  error: Error;
  kind?: string | undefined;
  afterEffect: boolean;
}

/** A KubernetesClient over objects in memory, for tests to fill, break and question. */
export interface FakeKubernetesClient extends KubernetesClient {
  readonly calls: RecordedCall[];
  /** The calls that write. */
  writes(): RecordedCall[];
  /**
   * The next call of that verb (and kind) rejects with `error`; with `afterEffect` the write takes place all
   * the same, as when the answer is lost. Several are used up in order.
   */
  failNext(verb: Verb, error: Error, options?: { kind?: string; afterEffect?: boolean }): void;
  /** Puts an object there, status and all, without a recorded call; answers it as stored. */
  seed<T extends KubernetesObject>(object: T): T;
  /** The object as it is now, without a recorded call. */
  stored<T extends KubernetesObject>(kind: ResourceKind<T>, key: ObjectKey): T | undefined;
  storedAll<T extends KubernetesObject>(kind: ResourceKind<T>): T[];
}

/**
 * An API server's metadata semantics: resourceVersion (one counter, still when nothing changes), uid,
 * generation, finalizers, preconditions, and a status subresource for dropfleet's own kinds.
 * `now` stamps creationTimestamp and deletionTimestamp.
 */
export function fakeKubernetesClient(
  seeds: readonly KubernetesObject[] = [],
  now: () => number = () => Date.parse('2026-01-01T00:00:00Z'),
): FakeKubernetesClient {
  const calls: RecordedCall[] = [];
  const failures: PlannedFailure[] = [];
  let wakeWatchers: (() => void)[] = [];
  const store = new KubernetesStore(now, () => {
    for (const wake of wakeWatchers.splice(0)) wake();
  });

  async function perform<R>(call: RecordedCall, effect: () => unknown, signal?: AbortSignal): Promise<R> {
    assertMayAct(signal);
    calls.push(structuredClone(call));
    await Promise.resolve();
    const failure = takeFailure(failures, call);
    if (failure !== undefined && !failure.afterEffect) throw failure.error;
    const answer = effect();
    if (failure !== undefined) throw failure.error;
    return answer as R;
  }

  function seed<T extends KubernetesObject>(object: T): T {
    return store.create(`${object.apiVersion} ${object.kind}`, object, true) as T;
  }
  for (const object of seeds) seed(object);

  return {
    calls,
    writes: () => calls.filter(({ verb }) => !['get', 'list', 'watch'].includes(verb)),
    failNext: (verb, error, options = {}) =>
      void failures.push({ verb, error, kind: options.kind, afterEffect: options.afterEffect ?? false }),
    seed,
    stored: (kind, key) => store.find(idOf(kind), key) as never,
    storedAll: kind => store.all(idOf(kind)) as never,

    get: (kind, key, options) =>
      perform({ verb: 'get', kind: kind.kind, key }, () => store.get(idOf(kind), key), options?.signal),
    list: (kind, selection = {}, options) =>
      perform(
        { verb: 'list', kind: kind.kind },
        () => ({
          items: store.all(idOf(kind)).filter(inSelection(selection)),
          resourceVersion: store.version,
        }),
        options?.signal,
      ),
    create: (kind, object, options) =>
      perform(
        { verb: 'create', kind: kind.kind, key: keyOf(object), body: object },
        () => store.create(idOf(kind), object),
        options?.signal,
      ),
    replace: (kind, object, options) =>
      perform(
        { verb: 'replace', kind: kind.kind, key: keyOf(object), body: object },
        () => store.replace(idOf(kind), object),
        options?.signal,
      ),
    patch: (kind, key, patch: MergePatch, options = {}) => {
      const { subresource, signal } = options;
      const call: RecordedCall = { verb: 'patch', kind: kind.kind, key, body: patch };
      if (subresource !== undefined) call.subresource = subresource;
      return perform(call, () => store.patch(idOf(kind), key, patch, subresource), signal);
    },
    delete: (kind, key, options) =>
      perform(
        { verb: 'delete', kind: kind.kind, key },
        () => store.delete(idOf(kind), key, options?.uid),
        options?.signal,
      ),
    async *watch(kind, selection, options) {
      await perform({ verb: 'watch', kind: kind.kind }, () => undefined, options?.signal);
      const signal = options?.signal;
      const matches = inSelection(selection);
      let seen =
        store.events.findLastIndex(({ version }) => version <= Number(selection.resourceVersion)) + 1;
      for (;;) {
        if (signal?.aborted === true) return;
        for (; seen < store.events.length; seen++) {
          const { kind: id, event } = store.events[seen]!;
          if (id === idOf(kind) && matches(event.object)) yield structuredClone(event) as never;
        }
        await new Promise<void>(resolve => {
          wakeWatchers.push(resolve);
          signal?.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    },
  };
}

function takeFailure(failures: PlannedFailure[], call: RecordedCall): PlannedFailure | undefined {
  const index = failures.findIndex(
    ({ verb, kind }) => verb === call.verb && (kind === undefined || kind === call.kind),
  );
  return index < 0 ? undefined : failures.splice(index, 1)[0];
}

/** `apiVersion kind`, which objects carry too. */
function idOf({ group, version, kind }: ResourceKind): string {
  return group === '' ? `${version} ${kind}` : `${group}/${version} ${kind}`;
}

/** `a=b,c,!d` for labels, and equality of metadata.name or metadata.namespace for fields. */
function inSelection(selection: Selection): (object: KubernetesObject) => boolean {
  const terms = (selection.labelSelector ?? '').split(',').filter(term => term !== '');
  const present = terms.filter(term => /^[^=!]+$/.test(term));
  const labels = parseSelector(terms.filter(term => !present.includes(term)).join(','));
  const fields = parseSelector(selection.fieldSelector);
  return ({ metadata }) =>
    (selection.namespace === undefined || metadata.namespace === selection.namespace) &&
    labels.every(([name, value]) => metadata.labels?.[name] === value) &&
    present.every(name => metadata.labels?.[name] !== undefined) &&
    fields.every(([path, value]) => metadata[path.slice('metadata.'.length) as 'name'] === value);
}

function parseSelector(selector: string | undefined): [string, string | undefined][] {
  const terms = selector === undefined || selector === '' ? [] : selector.split(',');
  return terms.map(term => {
    if (/^![^=!]+$/.test(term)) return [term.slice(1), undefined];
    const match = /^([^=!]+)=([^=]*)$/.exec(term);
    if (match === null) throw new Error(`The fake client does not understand the selector ${selector}.`);
    return [match[1]!, match[2]!];
  });
}
