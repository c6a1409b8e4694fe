import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expireEvents, startBackground } from '../../../standalone/background.ts';
import { BUILT_IN_KINDS, EVENT, NAMESPACE } from '../../../standalone/built-in-kinds.ts';
import { Database } from '../../../standalone/database.ts';
import { Resources } from '../../../standalone/resources.ts';
import { createRouter } from '../../../standalone/route.ts';
import type { Kind } from '../../../standalone/kinds.ts';
import { Store, storeKey, type Write } from '../../../standalone/store.ts';
import { serveResource } from '../../../standalone/verbs.ts';
import { WatchHub } from '../../../standalone/watch.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');
const now = (): number => NOW;
const AT_ONCE = { dryRun: false, propagationPolicy: undefined, preconditions: {} };
const CONFIG_MAP = BUILT_IN_KINDS.find(kind => kind.kind === 'ConfigMap')!;
const OBJECTS = 60;

/** Many objects of a kind, as they come to be with one commit. */
function made(kind: Kind, namespace: string, metadata: object = {}): Write[] {
  return Array.from({ length: OBJECTS }, (_, i) => {
    const name = `o${i}`;
    const identity = { name, namespace, uid: `${kind.id}/${namespace}/${name}`, resourceVersion: '' };
    const creationTimestamp = '2026-06-01T12:00:00Z';
    const object = {
      apiVersion: 'v1',
      kind: kind.kind,
      metadata: { ...identity, creationTimestamp, ...metadata },
    };
    return { kind: kind.id, key: storeKey(namespace, name), object };
  });
}

describe('What takes many deletions', () => {
  const kinds = [...BUILT_IN_KINDS];
  let folder: string;
  let store: Store;
  let resources: Resources;
  let watches: WatchHub;
  let commits: number;
  let stop: () => void;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dropfleet-deletions-'));
    const database = new Database(folder, NOW);
    const write = database.write.bind(database);
    database.write = changes => {
      commits += 1;
      write(changes);
    };
    store = new Store(folder, NOW, undefined, database);
    resources = new Resources(store, kinds, now);
    watches = new WatchHub(store);
    commits = 0;
    stop = () => undefined;
  });
  afterEach(() => {
    stop();
    store.close();
    rmSync(folder, { recursive: true });
  });

  const fill = (namespace: string, metadata: object = {}): void => {
    resources.create(NAMESPACE, undefined, { metadata: { name: namespace } });
    store.write(made(CONFIG_MAP, namespace, metadata));
  };
  const empty = (namespace: string): void =>
    void resources.delete({ kind: NAMESPACE, namespace: undefined, name: namespace }, AT_ONCE);
  const start = (): void => {
    stop = startBackground({ store, resources, watches, kinds, now });
  };
  /** How many commits each turn of the event loop held, until the condition holds. */
  const commitsPerTurn = async (isDone: () => boolean): Promise<number[]> => {
    const counts: number[] = [];
    while (!isDone()) {
      commits = 0;
      await nextTurn();
      counts.push(commits);
    }
    return counts;
  };
  const isEmpty = (): boolean => store.list(CONFIG_MAP.id).length === 0;
  const namespaces = (): number => store.list(NAMESPACE.id).length;

  it('waits for the disk once a turn while namespaces that were deleted together are emptied', async () => {
    for (const name of ['a', 'b', 'c', 'd']) fill(name);
    start();
    await nextTurn();
    for (const name of ['a', 'b', 'c', 'd']) empty(name);
    const counts = await commitsPerTurn(() => namespaces() === 0);
    expect(isEmpty()).to.equal(true);
    expect(Math.max(...counts)).to.equal(1);
  });

  it('takes far fewer commits than there are objects in a namespace', async () => {
    fill('a');
    start();
    empty('a');
    const counts = await commitsPerTurn(() => namespaces() === 0);
    expect(counts.reduce((sum, count) => sum + count)).to.be.below(OBJECTS / 10);
  });

  it('marks what finalizers hold, once and for all, and removes the namespace when the last is gone', async () => {
    fill('a', { finalizers: ['example.com/held'] });
    start();
    empty('a');
    const isMarked = (): boolean =>
      store.list(CONFIG_MAP.id).every(({ object }) => object.metadata.deletionTimestamp !== undefined);
    expect(Math.max(...(await commitsPerTurn(isMarked)))).to.equal(1);
    let tries = 0;
    const original = resources.deleteAll.bind(resources);
    resources.deleteAll = (targets, options) => {
      tries += targets.length;
      return original(targets, options);
    };
    for (let i = 0; i < OBJECTS; i++) {
      const target = { kind: CONFIG_MAP, namespace: 'a', name: `o${i}` };
      const apply = (object: object | undefined) => ({ ...object, metadata: { name: target.name } });
      expect(namespaces()).to.equal(1);
      resources.update(target, { apply, isPatch: true });
      await nextTurn();
    }
    await commitsPerTurn(() => namespaces() === 0);
    expect(tries).to.equal(0);
  });

  it('reads nothing of other namespaces', async () => {
    fill('a');
    fill('other');
    start();
    await nextTurn();
    let rows = 0;
    const list = store.list.bind(store);
    const all = store.all.bind(store);
    store.list = kind => {
      rows += list(kind).length;
      return list(kind);
    };
    store.all = kind => {
      rows += list(kind).length;
      return all(kind);
    };
    empty('a');
    const key = storeKey(undefined, 'a');
    await commitsPerTurn(() => store.get(NAMESPACE.id, key) === undefined);
    expect(rows).to.equal(0);
    expect(list(CONFIG_MAP.id)).to.have.length(OBJECTS);
  });

  it('lets others have a turn while a collection is deleted', async () => {
    fill('a');
    const request = Object.assign(Readable.from([]), { method: 'DELETE', headers: {} });
    const answered = Promise.withResolvers<number>();
    const response = { writeHead: (code: number) => answered.resolve(code), end: () => undefined };
    const served = serveResource({
      store,
      resources,
      watches,
      mostWatches: 1,
      now,
      request: request as unknown as IncomingMessage,
      response: response as unknown as ServerResponse,
      query: new URLSearchParams(),
      route: createRouter(kinds)('/api/v1/namespaces/a/configmaps'),
    });
    const counts = await commitsPerTurn(isEmpty);
    await served;
    expect(await answered.promise).to.equal(200);
    expect(Math.max(...counts)).to.equal(1);
    expect(counts.reduce((sum, count) => sum + count)).to.be.above(1);
  });

  it('waits for the disk once between two turns while Events expire', () => {
    store.write(made(EVENT, 'a'));
    const steps = expireEvents(store, NOW + 2 * 3_600_000);
    const counts: number[] = [];
    while (store.list(EVENT.id).length > 0) {
      commits = 0;
      steps.next();
      counts.push(commits);
    }
    expect(Math.max(...counts)).to.equal(1);
    expect(counts.length).to.be.within(2, OBJECTS / 10);
  });
});
