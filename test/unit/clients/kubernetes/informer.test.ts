import { expect } from 'chai';
import type { Change, Informer, ObjectList, WatchEvent } from '../../../../clients/kubernetes/client.ts';
import { createInformer, type InformerOptions } from '../../../../clients/kubernetes/informer.ts';
import type { ResourceKind } from '../../../../clients/kubernetes/kinds.ts';
import type { KubernetesObject } from '../../../../crds/meta.ts';
import { fakeClock, type FakeClock } from '../../../fakes/clock.ts';
import { fakeLogger } from '../../../fakes/logger.ts';
import { rejection } from '../../../fakes/rejection.ts';
import {
  cutOff,
  fakeWatchSource,
  refusal,
  type FakeWatchSource,
  type Thing,
} from '../../../fakes/watch-source.ts';

const THINGS: ResourceKind = { group: '', version: 'v1', kind: 'Thing', plural: 'things', namespaced: false };

describe('An informer', () => {
  let clock: FakeClock;
  let source: FakeWatchSource;
  let log: ReturnType<typeof fakeLogger>;
  let informer: Informer<Thing>;
  let changes: Change<Thing>[];
  let stop: AbortController;

  const make = (options: Partial<InformerOptions> = {}): void => {
    log = fakeLogger();
    informer = createInformer<Thing>(source, THINGS, { clock, random: () => 0, log, ...options });
    changes = [];
    informer.onChange(change => void changes.push(change));
  };
  const received = (): string[] => changes.map(({ type, object }) => `${type} ${object.metadata.name}`);
  const start = async (): Promise<void> => {
    informer.start(stop.signal);
    await clock.advance(0);
  };
  const deliver = async (): Promise<void> => {
    source.deliver(Infinity);
    await clock.advance(0);
  };

  beforeEach(() => {
    clock = fakeClock();
    source = fakeWatchSource();
    stop = new AbortController();
    make();
  });
  afterEach(() => stop.abort());

  it('keeps nothing of who wrote which field, neither of a list nor of a watch', async () => {
    const owned = <T extends KubernetesObject>(object: T): T => ({
      ...object,
      metadata: { ...object.metadata, managedFields: [{ manager: 'kubectl' }] },
    });
    const real = { ...source };
    source.list = async <T extends KubernetesObject>(kind: ResourceKind<T>, ...rest: unknown[]) => {
      const { list } = real as { list: (...args: unknown[]) => Promise<ObjectList<T>> };
      const found = await list(kind, ...rest);
      return { ...found, items: found.items.map(owned) };
    };
    source.watch = async function* <T extends KubernetesObject>(kind: ResourceKind<T>, ...rest: unknown[]) {
      const { watch } = real as { watch: (...args: unknown[]) => AsyncIterable<WatchEvent<T>> };
      for await (const event of watch(kind, ...rest)) yield { ...event, object: owned(event.object) };
    };
    source.put('a');
    await start();
    source.put('b');
    await deliver();
    const names = informer.list().map(({ metadata }) => [metadata.name, 'managedFields' in metadata]);
    expect(names).to.deep.equal([
      ['a', false],
      ['b', false],
    ]);
  });

  describe('at its start', () => {
    it('has not synced before its first list, and has when handlers hear of it', async () => {
      source.put('a');
      let syncedInHandler: boolean | undefined;
      informer.onChange(() => void (syncedInHandler = informer.hasSynced()));
      expect(informer.hasSynced()).to.equal(false);
      await start();
      await informer.synced();
      expect(syncedInHandler).to.equal(true);
      expect(changes).to.deep.equal([{ type: 'added', object: source.objects()[0], initial: true }]);
    });

    it('syncs with an empty list too', async () => {
      await start();
      await informer.synced();
      expect(informer.list()).to.deep.equal([]);
    });

    it('stops waiting to be synced when either signal aborts', async () => {
      source.failNextList(refusal(500, 'InternalError'));
      await start();
      const impatient = AbortSignal.abort(new Error('enough'));
      expect((await rejection(informer.synced(impatient))).message).to.equal('enough');
      const waiting = rejection(informer.synced());
      stop.abort(new Error('shutting down'));
      expect((await waiting).message).to.equal('shutting down');
    });

    it('takes no index after it, and does not start twice', async () => {
      await start();
      expect(() => informer.addIndex('late', () => [])).to.throw('too late');
      expect(() => informer.start(stop.signal)).to.throw('already started');
    });

    it('does not take a list in that arrives after its stop', async () => {
      source.put('a');
      const arrival = Promise.withResolvers<void>();
      const { list } = source;
      source.list = async kind => {
        await arrival.promise;
        return list(kind);
      };
      await start();
      stop.abort();
      arrival.resolve();
      await clock.advance(0);
      expect([received(), informer.hasSynced()]).to.deep.equal([[], false]);
    });

    it('leaves no timer and no watch behind when it is stopped', async () => {
      make({ resyncMs: 1_000 });
      await start();
      stop.abort();
      await clock.advance(0);
      expect(clock.pending()).to.equal(0);
      source.put('a');
      await deliver();
      expect(received()).to.deep.equal([]);
    });
  });

  describe('when the watch ends', () => {
    it('goes on at once from the last version after a long one, without a list', async () => {
      await start();
      const version = source.put('a');
      await deliver();
      await clock.advance(60_000);
      source.end();
      await clock.advance(0);
      await clock.advance(0);
      expect(source.watchedFrom).to.deep.equal(['100', version]);
      expect(source.lists).to.equal(1);
    });

    it('goes on from the version of a bookmark', async () => {
      await start();
      source.put('a');
      await deliver();
      const version = source.put('b');
      source.deliver(1);
      source.bookmark();
      await clock.advance(0);
      source.cut();
      await clock.advance(1_000);
      expect(source.watchedFrom.at(-1)).to.equal(version);
    });

    it('waits longer from failure to failure, at most 30 s, and starts small after two good minutes', async () => {
      await start();
      const pauses: number[] = [];
      const failOnce = async (): Promise<void> => {
        const began = clock.monotonic();
        const watches = source.watchedFrom.length;
        source.cut();
        while (source.watchedFrom.length === watches) await clock.advance(50);
        pauses.push(clock.monotonic() - began);
      };
      for (let i = 0; i < 8; i++) await failOnce();
      await clock.advance(121_000);
      await failOnce();
      expect(pauses).to.deep.equal([400, 800, 1_600, 3_200, 6_400, 12_800, 15_000, 15_000, 400]);
    });

    it('does not watch again in a tight loop when watches end at once', async () => {
      await start();
      source.end();
      await clock.advance(399);
      expect(source.watchedFrom).to.have.length(1);
      await clock.advance(1);
      expect(source.watchedFrom).to.have.length(2);
    });

    it('lists again at once when the version has expired, and tells what it missed', async () => {
      source.put('gone');
      source.put('kept');
      await start();
      await deliver();
      await clock.advance(60_000);
      source.remove('gone');
      source.put('new');
      source.compact();
      source.cut(refusal(410, 'Expired'));
      await clock.advance(0);
      await clock.advance(0);
      expect(received()).to.deep.equal(['added gone', 'added kept', 'deleted gone', 'added new']);
      expect(changes.map(({ initial }) => initial)).to.deep.equal([true, true, false, false]);
    });

    it('pauses between lists when every watch expires', async () => {
      await start();
      source.cut(refusal(410, 'Expired'));
      await clock.advance(399);
      expect(source.lists).to.equal(1);
      await clock.advance(1);
      expect(source.lists).to.equal(2);
    });

    it('resumes without a list after 429, and not before the server says', async () => {
      await start();
      source.cut(refusal(429, 'TooManyRequests', 7));
      await clock.advance(6_999);
      expect(source.watchedFrom).to.have.length(1);
      await clock.advance(1);
      expect([source.watchedFrom.length, source.lists]).to.deep.equal([2, 1]);
    });

    it('lists again after a refusal that waiting may not mend', async () => {
      await start();
      source.cut(refusal(500, 'InternalError'));
      await clock.advance(1_000);
      expect(source.lists).to.equal(2);
    });

    it('warns of what somebody may have to look at, and not of everyday losses', async () => {
      await start();
      source.cut(refusal(410, 'Expired'));
      await clock.advance(1_000);
      source.cut(cutOff());
      await clock.advance(0);
      const warnings = log.lines.filter(({ level }) => level === 'warn');
      expect(warnings.map(({ fields }) => fields)).to.deep.equal([
        { kind: 'Thing', error: 'Unreachable', retryInSeconds: 0.8 },
      ]);
    });
  });

  describe('what it tells', () => {
    it('tells of a re-creation that it missed as a deletion and a creation', async () => {
      source.put('a');
      await start();
      const [before] = informer.list();
      source.remove('a');
      source.put('a');
      source.compact();
      source.cut(refusal(410, 'Expired'));
      await clock.advance(1_000);
      expect(received()).to.deep.equal(['added a', 'deleted a', 'added a']);
      expect(changes[1]!.object).to.equal(before);
    });

    it('tells what an object was before its update', async () => {
      source.put('a');
      await start();
      const before = informer.get('a');
      source.put('a');
      await deliver();
      expect(changes.at(-1)).to.include({ type: 'updated', before });
      expect(changes.at(-1)!.object).to.equal(informer.get('a'));
    });

    it('goes on when a handler throws, and reports it', async () => {
      const errors: unknown[] = [];
      make({ onError: error => void errors.push(error) });
      const heard: string[] = [];
      informer.onChange(() => {
        throw new Error('bug');
      });
      informer.onChange(({ object }) => void heard.push(object.metadata.name));
      source.put('a');
      source.put('b');
      await start();
      expect(heard).to.deep.equal(['a', 'b']);
      expect(errors.map(String)).to.deep.equal(['Error: bug', 'Error: bug']);
    });

    it('logs what a handler throws when nobody else wants it', async () => {
      informer.onChange(() => {
        throw new Error('bug');
      });
      source.put('a');
      await start();
      expect(log.lines.filter(({ level }) => level === 'error')).to.have.length(1);
    });

    it('tells of every object again, period after period', async () => {
      make({ resyncMs: 10_000 });
      source.put('a');
      await start();
      await clock.advance(9_999);
      expect(received()).to.deep.equal(['added a']);
      await clock.advance(1);
      await clock.advance(10_000);
      expect(received()).to.deep.equal(['added a', 'resynced a', 'resynced a']);
    });

    it('gives objects that nobody can change', async () => {
      source.put('a');
      await start();
      const [thing] = informer.list();
      expect(() => void (thing!.metadata.name = 'b')).to.throw(TypeError);
      expect(() => (informer.list() as Thing[]).pop()).to.throw(TypeError);
    });

    it('files nothing under an index whose function throws, and reports it', async () => {
      const errors: unknown[] = [];
      make({ onError: error => void errors.push(error) });
      informer.addIndex('broken', () => {
        throw new Error('bug');
      });
      source.put('a');
      await start();
      expect(informer.byIndex('broken', 'x')).to.deep.equal([]);
      expect(informer.list()).to.have.length(1);
      expect(errors).to.have.length(1);
    });

    it('says which indexes there are when asked for another', () => {
      informer.addIndex('project', () => []);
      expect(() => informer.byIndex('projekt', 'x')).to.throw(
        'there is no index "projekt"; there are: project',
      );
    });
  });

  describe('catching up', () => {
    const isDone = async (promise: Promise<void>): Promise<boolean> => {
      let done = false;
      void promise.then(() => (done = true));
      await clock.advance(0);
      return done;
    };

    it('waits until the written version has arrived', async () => {
      await start();
      const caughtUp = informer.caughtUp('a', source.put('a'), 5_000);
      expect(await isDone(caughtUp)).to.equal(false);
      await deliver();
      expect(await isDone(caughtUp)).to.equal(true);
      expect(clock.pending()).to.equal(0);
    });

    it('is content with a later version, or with the deletion', async () => {
      await start();
      const first = source.put('a');
      source.put('a');
      source.put('b');
      source.remove('b');
      await deliver();
      expect(await isDone(informer.caughtUp('a', first, 5_000))).to.equal(true);
      expect(await isDone(informer.caughtUp('b', '103', 5_000))).to.equal(true);
    });

    it('is not content with an older version of the object', async () => {
      source.put('a');
      await start();
      expect(await isDone(informer.caughtUp('a', source.put('a'), 5_000))).to.equal(false);
    });

    it('goes on after the time at the latest', async () => {
      await start();
      const caughtUp = informer.caughtUp('a', '999', 5_000);
      await clock.advance(4_999);
      expect(await isDone(caughtUp)).to.equal(false);
      await clock.advance(1);
      expect(await isDone(caughtUp)).to.equal(true);
    });

    it('is content with the very version where versions are not numbers', async () => {
      const metadata = { name: 'a', uid: 'u', resourceVersion: 'v-17' };
      const items = [{ apiVersion: 'v1', kind: 'Thing', metadata }];
      source.list = async () => ({ items, resourceVersion: 'v-20' }) as never;
      await start();
      expect(await isDone(informer.caughtUp('a', 'v-17', 5_000))).to.equal(true);
      expect(await isDone(informer.caughtUp('a', 'v-18', 5_000))).to.equal(false);
    });
  });
});
