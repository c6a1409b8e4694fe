import { expect } from 'chai';
import * as fc from 'fast-check';
import { createQueue, LOW_PRIORITY, type QueueObserver } from '../../../../controllers/runtime/queue.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';

describe('The work queue', () => {
  it('hands a key out once however often it was added', async () => {
    const queue = createQueue(fakeClock());
    queue.add('a');
    queue.add('b');
    queue.add('a');
    expect([await queue.get(), await queue.get(), queue.depth()]).to.deep.equal(['a', 'b', 0]);
  });

  it('gives a key to whoever waits already', async () => {
    const queue = createQueue(fakeClock());
    const first = queue.get();
    const second = queue.get();
    queue.add('a');
    queue.add('b');
    expect(await Promise.all([first, second])).to.deep.equal(['a', 'b']);
  });

  it('keeps a key back that is added while it is handed out, until it is done', async () => {
    const queue = createQueue(fakeClock());
    queue.add('a');
    await queue.get();
    queue.add('a');
    queue.add('b');
    expect(await queue.get()).to.equal('b');
    expect(queue.depth()).to.equal(1);
    queue.done('a');
    expect(await queue.get()).to.equal('a');
  });

  it('hands out what just happened before what is no news', async () => {
    const queue = createQueue(fakeClock());
    for (const key of ['a', 'b', 'c']) queue.add(key, LOW_PRIORITY);
    queue.add('d');
    queue.add('c');
    const order = [await queue.get(), await queue.get(), await queue.get(), await queue.get()];
    expect(order).to.deep.equal(['d', 'c', 'a', 'b']);
  });

  it('does not lower a priority', async () => {
    const queue = createQueue(fakeClock());
    queue.add('a');
    queue.add('b');
    queue.add('a', LOW_PRIORITY);
    expect(await queue.get()).to.equal('a');
  });

  it('takes the earlier of two delays', async () => {
    const clock = fakeClock();
    const queue = createQueue(clock);
    queue.addAfter('a', 1000);
    queue.addAfter('a', 100);
    queue.addAfter('a', 5000);
    await clock.advance(99);
    expect(queue.depth()).to.equal(0);
    await clock.advance(1);
    expect(await queue.get()).to.equal('a');
    await clock.advance(10_000);
    expect(queue.depth()).to.equal(0);
  });

  it('forgets a delay when the key is due anyway', async () => {
    const clock = fakeClock();
    const queue = createQueue(clock);
    queue.addAfter('a', 1000);
    queue.add('a');
    expect(await queue.get()).to.equal('a');
    queue.done('a');
    await clock.advance(1000);
    expect(queue.depth()).to.equal(0);
  });

  it('does not wake at once for a delay that no timer can hold', async () => {
    const clock = fakeClock();
    const delays: number[] = [];
    const queue = createQueue({
      ...clock,
      after: (ms, callback) => (delays.push(ms), clock.after(ms, callback)),
    });
    queue.addAfter('a', 1e12);
    expect(delays).to.deep.equal([2 ** 31 - 1]);
  });

  it('doubles the delay of each failure from 5 ms to 1000 s, each key by itself, until it is forgotten', async () => {
    const clock = fakeClock();
    const waits: number[] = [];
    const queue = createQueue({
      ...clock,
      after: (ms, callback) => (waits.push(ms), clock.after(ms, callback)),
    });
    for (let failures = 0; failures < 20; failures++) {
      queue.addRateLimited('a');
      await clock.advance(waits.at(-1)!);
      expect(await queue.get()).to.equal('a');
      queue.done('a');
    }
    expect(waits.slice(0, 5)).to.deep.equal([5, 10, 20, 40, 80]);
    expect(waits.slice(-2)).to.deep.equal([1_000_000, 1_000_000]);
    queue.forget('a');
    queue.addRateLimited('a');
    queue.addRateLimited('b');
    await clock.advance(5);
    expect(queue.depth()).to.equal(2);
  });

  it('keeps the priority of a key that is put back by its own reconcile', async () => {
    const queue = createQueue(fakeClock());
    queue.add('a', LOW_PRIORITY);
    await queue.get();
    queue.addAfter('a', 0);
    queue.done('a');
    queue.add('b');
    expect([await queue.get(), await queue.get()]).to.deep.equal(['b', 'a']);
  });

  it('lets everybody go when it is shut down, and takes nothing more', async () => {
    const clock = fakeClock();
    const queue = createQueue(clock);
    queue.addAfter('late', 10);
    queue.add('a');
    await queue.get();
    queue.add('b');
    const waiting = [queue.get(), queue.get()];
    expect(await waiting[0]).to.equal('b');
    queue.shutDown();
    queue.add('c');
    expect(await waiting[1]).to.equal(undefined);
    expect(await queue.get()).to.equal(undefined);
    expect(clock.pending()).to.equal(0);
  });

  it('tells how long keys waited and were worked on', async () => {
    const clock = fakeClock();
    const observed: string[] = [];
    const observer: QueueObserver = {
      added: () => observed.push('added'),
      retried: () => observed.push('retried'),
      taken: seconds => observed.push(`taken after ${seconds}`),
      finished: seconds => observed.push(`finished after ${seconds}`),
    };
    const queue = createQueue(clock, observer);
    queue.add('a');
    await clock.advance(2000);
    await queue.get();
    await clock.advance(3000);
    expect(queue.runningSeconds()).to.deep.equal([3]);
    queue.addRateLimited('a');
    queue.done('a');
    await clock.advance(5);
    expect(observed).to.deep.equal(['added', 'taken after 2', 'retried', 'finished after 3', 'added']);
  });

  describe('whatever happens, in any order', () => {
    type Step =
      | { does: 'add' | 'addAfter' | 'retry'; key: string; priority: number; delayMs: number }
      | { does: 'finish' | 'take' | 'pass'; nth: number; delayMs: number };
    const key = fc.constantFrom('a', 'b', 'c', 'd');
    const delayMs = fc.integer({ min: 0, max: 50 });
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({
        does: fc.constantFrom('add' as const, 'addAfter' as const, 'retry' as const),
        key,
        priority: fc.constantFrom(0, LOW_PRIORITY),
        delayMs,
      }),
      fc.record({
        does: fc.constantFrom('finish' as const, 'take' as const, 'pass' as const),
        nth: fc.nat(3),
        delayMs,
      }),
    );

    it('never hands a key out twice at once, never holds it twice, and loses none', async () => {
      const run = async (steps: Step[]): Promise<void> => {
        const clock = fakeClock();
        const queue = createQueue(clock);
        const out = new Set<string>();
        const owed = new Set<string>();
        const take = (): void =>
          void queue.get().then(taken => {
            if (taken === undefined) return;
            expect(out.has(taken), `${taken} handed out twice`).to.equal(false);
            expect(owed.delete(taken), `${taken} handed out without need`).to.equal(true);
            out.add(taken);
          });
        const finish = (taken: string): void => {
          out.delete(taken);
          queue.done(taken);
        };
        for (const each of steps) {
          switch (each.does) {
            case 'add':
              queue.add(each.key, each.priority);
              owed.add(each.key);
              break;
            case 'addAfter':
              queue.addAfter(each.key, each.delayMs, each.priority);
              owed.add(each.key);
              break;
            case 'retry':
              queue.addRateLimited(each.key);
              owed.add(each.key);
              break;
            case 'take':
              take();
              break;
            case 'finish':
              if (out.size > 0) finish([...out][each.nth % out.size]!);
              break;
            case 'pass':
              await clock.advance(each.delayMs);
          }
          await Promise.resolve();
          expect(queue.depth()).to.be.within(0, owed.size);
        }
        while (owed.size > 0 || out.size > 0) {
          for (const taken of out) finish(taken);
          for (let n = 0; n < 4; n++) take();
          await clock.advance(1_000_000);
        }
        expect(queue.depth()).to.equal(0);
        queue.shutDown();
        await queue.idle();
      };
      await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), run), propertyOptions(200));
    });
  });
});
