import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Change } from '../../../../clients/kubernetes/client.ts';
import { createInformer } from '../../../../clients/kubernetes/informer.ts';
import type { ResourceKind } from '../../../../clients/kubernetes/kinds.ts';
import { compareVersions } from '../../../../clients/kubernetes/resource-version.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { fakeLogger } from '../../../fakes/logger.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';
import { fakeWatchSource, refusal, type FakeWatchSource, type Thing } from '../../../fakes/watch-source.ts';

const THINGS: ResourceKind = { group: '', version: 'v1', kind: 'Thing', plural: 'things', namespaced: false };

type Step =
  | { do: 'put' | 'remove' | 'recreate'; name: string }
  | { do: 'deliver' | 'repeat' | 'pass'; count: number }
  | { do: 'bookmark' | 'cut' | 'end' | 'compact' | 'expire' | 'failList' };

const name = fc.constantFrom('a', 'b', 'c');
const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('put', 'remove', 'recreate'), name }) },
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant('deliver'), count: fc.integer({ min: 1, max: 5 }) }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('repeat'), count: fc.nat(4) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('pass'), count: fc.nat(40_000) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('bookmark', 'cut', 'end', 'compact') }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('expire', 'failList') }) },
  ) as fc.Arbitrary<Step>,
  { maxLength: 60, size: 'max' },
);

function perform(source: FakeWatchSource, step: Step): void {
  switch (step.do) {
    case 'put':
      return void source.put(step.name);
    case 'remove':
      return source.remove(step.name);
    case 'recreate':
      source.remove(step.name);
      return void source.put(step.name);
    case 'deliver':
      return source.deliver(step.count);
    case 'repeat':
      return source.repeat(step.count);
    case 'expire':
      return source.cut(refusal(410, 'Expired'));
    case 'failList':
      return source.failNextList(refusal(500, 'InternalError'));
    case 'bookmark':
    case 'cut':
    case 'end':
    case 'compact':
      return source[step.do]();
    case 'pass':
      return;
  }
}

/** Plays changes back; throws when one does not fit what was told before it. */
function replay(changes: readonly Change<Thing>[]): Thing[] {
  const mirror = new Map<string, Thing>();
  const dead = new Set<string>();
  for (const { type, object, before } of changes) {
    const { name, uid, resourceVersion } = object.metadata;
    const known = mirror.get(name);
    expect(known?.metadata.uid, `${type} ${name}`).to.equal(type === 'added' ? undefined : uid);
    if (type === 'updated') {
      expect(before).to.equal(known);
      const order = compareVersions(resourceVersion!, known!.metadata.resourceVersion!);
      expect(order, 'an update goes forward').to.be.greaterThan(0);
    }
    expect(dead, `${type} ${name} after its deletion`).not.to.include(uid);
    if (type === 'deleted') dead.add(uid!);
    if (type === 'deleted') mirror.delete(name);
    else mirror.set(name, object);
  }
  return [...mirror.values()];
}

const byName = (a: Thing, b: Thing): number => a.metadata.name.localeCompare(b.metadata.name);

describe('An informer over a network that loses, repeats and delays', () => {
  it('holds what the server holds when the network is at rest, and has told every step to it', async () => {
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        async (script, luck) => {
          const clock = fakeClock();
          const source = fakeWatchSource();
          const informer = createInformer<Thing>(source, THINGS, {
            clock,
            random: () => luck,
            log: fakeLogger(),
          });
          informer.addIndex('name', thing => [thing.metadata.name]);
          const changes: Change<Thing>[] = [];
          informer.onChange(change => void changes.push(change));
          const stop = new AbortController();
          informer.start(stop.signal);
          for (const step of script) {
            perform(source, step);
            await clock.advance(step.do === 'pass' ? step.count : 0);
          }
          const last = source.put('last');
          const caughtUp = informer.caughtUp('last', last, 600_000).then(() => clock.monotonic());
          const deadline = clock.monotonic() + 600_000;
          for (let i = 0; i < 4; i++) {
            await clock.advance(31_000);
            source.deliver(Infinity);
          }
          await clock.advance(1);
          const expected = source.objects().sort(byName);
          expect([...informer.list()].sort(byName)).to.deep.equal(expected);
          expect(replay(changes).sort(byName)).to.deep.equal(expected);
          for (const thing of expected) {
            expect(informer.byIndex('name', thing.metadata.name)).to.deep.equal([thing]);
          }
          expect(await caughtUp).to.be.lessThan(deadline);
          stop.abort();
          await clock.advance(0);
          expect(clock.pending(), 'timers after the stop').to.equal(0);
        },
      ),
      propertyOptions(200),
    );
  });
});
