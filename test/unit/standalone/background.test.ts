import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { startBackground } from '../../../standalone/background.ts';
import { BUILT_IN_KINDS, NAMESPACE } from '../../../standalone/built-in-kinds.ts';
import { Resources } from '../../../standalone/resources.ts';
import { Store } from '../../../standalone/store.ts';
import { WatchHub } from '../../../standalone/watch.ts';

const now = (): number => Date.parse('2026-06-01T12:00:00Z');

describe('The journal', () => {
  let folder: string;
  let store: Store;
  let stop: () => void;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dropfleet-journal-'));
    store = new Store(folder, now(), { keep: 10, slack: 5 });
  });
  afterEach(() => {
    stop();
    store.close();
    rmSync(folder, { recursive: true });
  });

  it('is compacted between the writes, never within one', async () => {
    const kinds = [...BUILT_IN_KINDS];
    const resources = new Resources(store, kinds, now);
    stop = startBackground({ store, resources, watches: new WatchHub(store), kinds, now });
    const start = store.version;
    for (let i = 0; i < 30; i++) resources.create(NAMESPACE, undefined, { metadata: { name: `n${i}` } });
    expect(store.changesSince(NAMESPACE.id, start)).to.have.length(30);
    await nextTurn();
    expect(store.changesSince(NAMESPACE.id, start + 20)).to.have.length(10);
    expect(() => store.changesSince(NAMESPACE.id, start)).to.throw('too old resource version');
  });
});
