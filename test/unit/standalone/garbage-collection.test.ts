import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { startBackground } from '../../../standalone/background.ts';
import { BUILT_IN_KINDS, NAMESPACE } from '../../../standalone/built-in-kinds.ts';
import { Dependents } from '../../../standalone/dependents.ts';
import { GarbageCollector } from '../../../standalone/garbage-collection.ts';
import { Resources } from '../../../standalone/resources.ts';
import { Store, storeKey } from '../../../standalone/store.ts';
import { WatchHub } from '../../../standalone/watch.ts';

const now = (): number => Date.parse('2026-06-01T12:00:00Z');
const AT_ONCE = { dryRun: false, propagationPolicy: undefined, preconditions: {} };
const CONFIG_MAP = BUILT_IN_KINDS.find(kind => kind.kind === 'ConfigMap')!;

describe('What was left undone when the server was killed', () => {
  const kinds = [...BUILT_IN_KINDS];
  let folder: string;
  let store: Store;
  let resources: Resources;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dropfleet-garbage-'));
    store = new Store(folder, now());
    resources = new Resources(store, kinds, now);
    resources.create(NAMESPACE, undefined, { metadata: { name: 'team' } });
  });
  afterEach(() => {
    store.close();
    rmSync(folder, { recursive: true });
  });

  const create = (name: string, metadata: object = {}): string =>
    resources.create(CONFIG_MAP, 'team', { metadata: { name, ...metadata } }).metadata.uid;
  const deleteNow = (name: string, propagationPolicy?: 'Orphan' | 'Foreground'): void => {
    const target = { kind: CONFIG_MAP, namespace: 'team', name };
    resources.delete(target, { dryRun: false, propagationPolicy, preconditions: {} });
  };
  const ownedBy = (name: string, uid: string) => ({
    ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid }],
  });
  /** Starts the background's work and resolves once that condition holds after some change. */
  const runUntil = async (isDone: () => boolean): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    store.onChange(() => isDone() && resolve());
    const stop = startBackground({ store, resources, watches: new WatchHub(store), kinds, now });
    await promise;
    stop();
  };
  const isThere = (name: string): boolean => store.get(CONFIG_MAP.id, storeKey('team', name)) !== undefined;

  it('is found at the start: dependents of an owner that is gone', async () => {
    create('child', ownedBy('owner', create('owner')));
    deleteNow('owner');
    expect(isThere('child')).to.equal(true);
    await runUntil(() => !isThere('child'));
  });

  it('is found at the start: an owner that is to orphan its dependents', async () => {
    create('child', ownedBy('owner', create('owner')));
    deleteNow('owner', 'Orphan');
    await runUntil(() => !isThere('owner'));
    expect(store.get(CONFIG_MAP.id, storeKey('team', 'child'))!.object.metadata).not.to.have.property(
      'ownerReferences',
    );
  });

  it('is found at the start: dependents to orphan, and one that comes while they are gone through', async () => {
    const owner = create('owner');
    for (const name of ['a', 'b']) create(name, ownedBy('owner', owner));
    deleteNow('owner', 'Orphan');
    store.onChange(({ before, after }) => {
      const isFirst = before?.object.metadata.name === 'a' && after !== undefined;
      if (isFirst) create('late', ownedBy('owner', owner));
    });
    await runUntil(() => !isThere('owner'));
    const references = ['a', 'b', 'late'].map(
      name => store.get(CONFIG_MAP.id, storeKey('team', name))!.object.metadata.ownerReferences,
    );
    expect(references).to.deep.equal([undefined, undefined, undefined]);
  });

  it('is found at the start: a namespace that is to be emptied', async () => {
    create('inside');
    const target = { kind: NAMESPACE, namespace: undefined, name: 'team' };
    resources.delete(target, AT_ONCE);
    await runUntil(() => store.get(NAMESPACE.id, storeKey(undefined, 'team')) === undefined);
    expect(isThere('inside')).to.equal(false);
  });

  it('is tried again when it can have changed, and not at every change of something else', async () => {
    create('held', { finalizers: ['example.com/held'] });
    const target = { kind: NAMESPACE, namespace: undefined, name: 'team' };
    resources.delete(target, AT_ONCE);
    resources.create(NAMESPACE, undefined, { metadata: { name: 'other' } });
    const stop = startBackground({ store, resources, watches: new WatchHub(store), kinds, now });
    await nextTurn();
    let tries = 0;
    const original = resources.delete.bind(resources);
    resources.delete = (...call) => {
      tries += call[0].name === 'held' ? 1 : 0;
      return original(...call);
    };
    for (const name of ['a', 'b']) {
      resources.create(CONFIG_MAP, 'other', { metadata: { name } });
      original({ kind: CONFIG_MAP, namespace: 'other', name }, AT_ONCE);
      await nextTurn();
    }
    expect(tries).to.equal(0);
    const { object } = store.get(CONFIG_MAP.id, storeKey('team', 'held'))!;
    const { finalizers: _finalizers, ...metadata } = object.metadata;
    resources.update(
      { kind: CONFIG_MAP, namespace: 'team', name: 'held' },
      { apply: () => ({ ...object, metadata }), isPatch: true },
    );
    await nextTurn();
    stop();
    expect(store.get(NAMESPACE.id, storeKey(undefined, 'team'))).to.equal(undefined);
  });

  it('is looked at again one by one, when one of many dependents in the way of their owner goes', async () => {
    const owner = create('owner');
    const [reference] = ownedBy('owner', owner).ownerReferences;
    const ownerReferences = [{ ...reference, blockOwnerDeletion: true }];
    const names = Array.from({ length: 20 }, (_, i) => `held${i}`);
    for (const name of names) create(name, { ownerReferences, finalizers: ['example.com/held'] });
    deleteNow('owner', 'Foreground');
    const last = store.version + names.length;
    const dependents = new Dependents(kinds, store);
    store.onChange(change => dependents.apply(change));
    const get = dependents.get.bind(dependents);
    let looks = 0;
    dependents.get = uid => {
      looks += 1;
      return get(uid);
    };
    const garbage = new GarbageCollector(store, dependents, resources);
    while (store.version < last) await nextTurn();
    await nextTurn();
    looks = 0;
    const release = (name: string): void =>
      void resources.update(
        { kind: CONFIG_MAP, namespace: 'team', name },
        { apply: object => ({ ...object, metadata: { name } }), isPatch: true },
      );
    release('held7');
    await nextTurn();
    expect(looks).to.be.within(1, 3);
    for (const name of names.filter(isThere)) release(name);
    while (isThere('owner')) await nextTurn();
    garbage.close();
  });

  it('is done although something else cannot be', async () => {
    const gone = create('owner');
    const stuck = create('stuck', ownedBy('owner', gone));
    const key = storeKey('team', 'stuck');
    const { object } = store.get(CONFIG_MAP.id, key)!;
    const references = [
      ...object.metadata.ownerReferences!,
      { ...object.metadata.ownerReferences![0]!, uid: stuck },
    ];
    // Older versions might have let it in; no change of it is valid now, and it has an owner left.
    const metadata = { ...object.metadata, ownerReferences: references, labels: { 'bad key!': '' } };
    store.put(CONFIG_MAP.id, key, { ...object, metadata });
    create('usual', ownedBy('owner', gone));
    deleteNow('owner');
    await runUntil(() => !isThere('usual'));
    expect(isThere('stuck')).to.equal(true);
  });
});
