import { expect } from 'chai';
import * as fc from 'fast-check';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DATABASE_FILE } from '../../../standalone/database.ts';
import type { ApiObject } from '../../../standalone/object.ts';
import { Store, storeKey, type Change, type JournalLimits } from '../../../standalone/store.ts';
import { propertyOptions } from '../../fakes/property-options.ts';

const START = 1_000;

const object = (name: string, value: number): ApiObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name, uid: name, resourceVersion: '', creationTimestamp: '' },
  value,
});

describe('The store', () => {
  let folder: string;
  let open: Store | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dropfleet-store-'));
  });
  afterEach(() => {
    open?.close();
    open = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  const reopen = (limits?: JournalLimits): Store => {
    open?.close();
    open = new Store(folder, START, limits);
    return open;
  };
  const put = (store: Store, name: string, value: number, kind = 'things'): void => {
    store.put(kind, storeKey(undefined, name), object(name, value));
  };
  const values = (entries: { object: ApiObject }[]): Record<string, unknown> =>
    Object.fromEntries(entries.map(({ object }) => [object.metadata.name, object['value']]));
  const codeOf = (work: () => unknown): number => {
    try {
      work();
      return 200;
    } catch (error) {
      return (error as { code: number }).code;
    }
  };

  it('counts versions up from the time of its creation, over all kinds', () => {
    const store = reopen();
    put(store, 'a', 1);
    put(store, 'b', 1, 'others');
    expect(store.get('things', storeKey(undefined, 'a'))!.object.metadata.resourceVersion).to.equal('1001');
    expect(store.version).to.equal(1002);
    expect(reopen().version).to.equal(1002);
  });

  it('lists by namespace first and by name second', () => {
    const store = reopen();
    for (const [namespace, name] of [
      ['a-b', 'a'],
      ['a', 'z'],
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      store.put('things', storeKey(namespace, name), object(`${namespace}/${name}`, 0));
    }
    expect(Object.keys(values(store.list('things')))).to.deep.equal(['a/b', 'a/z', 'a-b/a', 'b/a']);
  });

  it('says that the database is damaged when an object in it is none', () => {
    for (const body of ['null', '3', '{}', '{"metadata":{}}', '{"metadata":{"name":"a"}}', '{']) {
      put(reopen(), 'a', 1);
      open!.close();
      open = undefined;
      const database = new DatabaseSync(join(folder, DATABASE_FILE));
      database.prepare('UPDATE objects SET body = ?').run(body);
      database.close();
      expect(() => reopen(), body).to.throw('standalone.db is damaged: restore a backup');
      rmSync(folder, { recursive: true });
      mkdirSync(folder);
    }
  });

  it('freezes what it keeps', () => {
    const store = reopen();
    put(store, 'a', 1);
    const { metadata } = store.get('things', storeKey(undefined, 'a'))!.object;
    expect(() => (metadata.name = 'b')).to.throw(TypeError);
  });

  it('tells of a change after it is on the disk', () => {
    const store = reopen();
    const seen: Change[] = [];
    store.onChange(change => seen.push(change));
    put(store, 'a', 1);
    put(store, 'a', 2);
    store.remove('things', storeKey(undefined, 'a'));
    expect(seen.map(({ before, after }) => [before?.object['value'], after?.object['value']])).to.deep.equal([
      [undefined, 1],
      [1, 2],
      [2, undefined],
    ]);
  });

  it('writes several objects in one commit, each under a version of its own', () => {
    const store = reopen();
    put(store, 'gone', 1);
    const seen: [string, number][] = [];
    store.onChange(({ key, version }) => seen.push([key, version]));
    const key = (name: string): string => storeKey(undefined, name);
    store.write([
      { kind: 'things', key: key('a'), object: object('a', 1) },
      { kind: 'things', key: key('gone'), object: undefined },
      { kind: 'others', key: key('b'), object: object('b', 2) },
    ]);
    expect(seen).to.deep.equal([
      [key('a'), 1002],
      [key('gone'), 1003],
      [key('b'), 1004],
    ]);
    const reopened = reopen();
    expect(values(reopened.list('things'))).to.deep.equal({ a: 1 });
    expect(values(reopened.list('others'))).to.deep.equal({ b: 2 });
    expect(values(reopened.listAt('things', 1002))).to.deep.equal({ a: 1, gone: 1 });
  });

  it('writes none of several when the database refuses one, and goes on', () => {
    let store = reopen();
    put(store, 'before', 1);
    const other = new DatabaseSync(join(folder, DATABASE_FILE));
    other.exec(`CREATE TRIGGER refusal BEFORE INSERT ON objects WHEN new.body LIKE '%"bad"%'
      BEGIN SELECT RAISE(ABORT, 'no'); END`);
    other.close();
    store.onChange(() => expect.fail('nothing has changed'));
    const writes = ['good', 'bad'].map(name => ({
      kind: 'things',
      key: storeKey(undefined, name),
      object: object(name, 2),
    }));
    expect(codeOf(() => store.write(writes))).to.equal(507);
    expect(values(store.list('things'))).to.deep.equal({ before: 1 });
    store = reopen();
    put(store, 'after', 3);
    expect(values(store.list('things'))).to.deep.equal({ after: 3, before: 1 });
    expect(store.version).to.equal(1002);
  });

  it('refuses versions before its creation and after its last write with 410', () => {
    const store = reopen();
    put(store, 'a', 1);
    expect(codeOf(() => store.changesSince('things', START - 1))).to.equal(410);
    expect(codeOf(() => store.changesSince('things', START))).to.equal(200);
    expect(codeOf(() => store.changesSince('things', START + 2))).to.equal(410);
  });

  it('gives the state of every version that it still knows, restarted or not', () => {
    const operation = fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      kind: fc.constantFrom('things', 'others'),
      remove: fc.boolean(),
    });
    const property = fc.property(
      fc.array(operation, { maxLength: 40 }),
      fc.boolean(),
      (operations, restart) => {
        rmSync(folder, { recursive: true, force: true });
        folder = mkdtempSync(join(tmpdir(), 'dropfleet-store-'));
        let store = reopen({ keep: 10, slack: 5 });
        const states = [values(store.list('things'))];
        operations.forEach(({ name, kind, remove }, i) => {
          const before = store.version;
          if (remove) store.remove(kind, storeKey(undefined, name));
          else put(store, name, i, kind);
          if (store.version > before) states.push(values(store.list('things')));
          store.compact();
        });
        if (restart) store = reopen({ keep: 10, slack: 5 });
        states.forEach((state, i) => {
          const version = START + i;
          const code = codeOf(() => store.changesSince('things', version));
          if (states.length - i <= 10) expect(code).to.equal(200);
          if (code === 200) expect(values(store.listAt('things', version))).to.deep.equal(state);
        });
      },
    );
    fc.assert(property, propertyOptions(40));
  });

  it('keeps a quiet kind watchable while another is written all the time', () => {
    const store = reopen({ keep: 10, slack: 5 });
    put(store, 'quiet', 1);
    const version = store.version;
    for (let i = 0; i < 40; i++) put(store, 'busy', i, 'others');
    store.compact();
    expect(codeOf(() => store.changesSince('things', version))).to.equal(200);
    expect(codeOf(() => store.changesSince('things', version - 1))).to.equal(410);
    expect(codeOf(() => store.changesSince('others', version))).to.equal(410);
  });
});
