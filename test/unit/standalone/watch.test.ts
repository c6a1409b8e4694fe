import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expireEvents } from '../../../standalone/background.ts';
import { EVENT, NAMESPACE } from '../../../standalone/built-in-kinds.ts';
import type { ApiObject } from '../../../standalone/object.ts';
import { createEncoder } from '../../../standalone/representation.ts';
import { Store, storeKey } from '../../../standalone/store.ts';
import { WatchHub, type WatchOptions, type WatchSink } from '../../../standalone/watch.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');

/** Keeps every line; `writableLength` is what it says is unsent. */
class RecordingSink implements WatchSink {
  readonly lines: string[] = [];
  readonly writableEnded = false;
  writableLength = 0;
  isDestroyed = false;

  write(line: string): boolean {
    return this.lines.push(line) > 0;
  }
  end(): void {
    this.lines.push('end');
  }
  destroy(): void {
    this.isDestroyed = true;
  }
}

const namespace = (name: string): ApiObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, uid: name, resourceVersion: '', creationTimestamp: '2026-06-01T12:00:00Z' },
});

describe('The watch hub', () => {
  let folder: string;
  let store: Store;
  let hub: WatchHub;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dropfleet-watch-'));
    store = new Store(folder, NOW);
    hub = new WatchHub(store);
  });
  afterEach(() => {
    store.close();
    rmSync(folder, { recursive: true });
  });

  const options = (extra: Partial<WatchOptions> = {}): WatchOptions => ({
    selection: { kind: NAMESPACE, namespace: undefined, matches: undefined },
    version: store.version,
    encoder: createEncoder(NAMESPACE, { as: 'object' }, () => NOW),
    bookmarks: false,
    ...extra,
  });
  const put = (name: string): void =>
    void store.put(NAMESPACE.id, storeKey(undefined, name), namespace(name));

  it('sends bookmarks of the newest version to those who asked for them', () => {
    const [asked, other] = [new RecordingSink(), new RecordingSink()];
    hub.watch(options({ bookmarks: true }), asked);
    hub.watch(options(), other);
    store.put('leases', storeKey('a', 'b'), namespace('b'));
    hub.sendBookmarks();
    expect(other.lines).to.deep.equal([]);
    expect(asked.lines.map(line => JSON.parse(line) as unknown)).to.deep.equal([
      {
        type: 'BOOKMARK',
        object: {
          kind: 'Namespace',
          apiVersion: 'v1',
          metadata: { resourceVersion: String(NOW + 1), creationTimestamp: null },
        },
      },
    ]);
  });

  it('cuts off who leaves more than 16 MiB unread', () => {
    const sink = new RecordingSink();
    hub.watch(options(), sink);
    sink.writableLength = 16 * 1024 * 1024;
    put('a');
    expect(sink.isDestroyed).to.equal(false);
    sink.writableLength++;
    put('b');
    expect(sink.isDestroyed).to.equal(true);
  });

  it('tells nothing more once a watch was stopped', () => {
    const sink = new RecordingSink();
    const stop = hub.watch(options(), sink);
    put('a');
    stop();
    put('b');
    expect(sink.lines).to.have.length(1);
  });

  it('ends all watches when it closes', () => {
    const sink = new RecordingSink();
    hub.watch(options(), sink);
    hub.close();
    put('a');
    expect(sink.lines).to.deep.equal(['end']);
  });

  it('ends a watch from a version that is gone after one ERROR', () => {
    const sink = new RecordingSink();
    hub.watch(options({ version: NOW - 1 }), sink);
    put('a');
    expect(sink.lines).to.have.length(2);
    expect(JSON.parse(sink.lines[0]!)).to.deep.include({ type: 'ERROR' });
    expect(sink.lines[1]).to.equal('end');
  });
});

describe('Events', () => {
  it('are removed an hour after they were last seen', () => {
    const folder = mkdtempSync(join(tmpdir(), 'dropfleet-events-'));
    const store = new Store(folder, NOW);
    const put = (name: string, created: string, lastTimestamp?: string): void => {
      const metadata = { ...namespace(name).metadata, creationTimestamp: created };
      const event = {
        ...namespace(name),
        metadata,
        ...(lastTimestamp === undefined ? {} : { lastTimestamp }),
      };
      store.put(EVENT.id, storeKey(undefined, name), event);
    };
    put('old', '2026-06-01T10:59:59Z');
    put('new', '2026-06-01T11:00:00Z');
    put('repeating', '2026-06-01T08:00:00Z', '2026-06-01T11:59:00Z');
    put('made-of-the-past', '2026-06-01T11:59:00Z', '2020-01-01T00:00:00Z');
    Array.from(expireEvents(store, NOW));
    expect(store.list(EVENT.id).map(({ object }) => object.metadata.name)).to.deep.equal([
      'made-of-the-past',
      'new',
      'repeating',
    ]);
    store.close();
    rmSync(folder, { recursive: true });
  });
});
