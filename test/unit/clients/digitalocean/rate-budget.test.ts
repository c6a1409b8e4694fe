import { expect } from 'chai';
import { array, assert, asyncProperty, nat, record } from 'fast-check';
import { createRateBudget, type BudgetKind } from '../../../../clients/digitalocean/rate-budget.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';
import { rejection } from '../../../fakes/rejection.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function fixture() {
  const clock = fakeClock();
  const budget = createRateBudget(clock);
  /** When each call was let through, in order. */
  const passed: { at: number; kind: BudgetKind; n: number }[] = [];
  let n = 0;
  const take = (kind: BudgetKind = 'ordinary', signal?: AbortSignal): Promise<void> => {
    const mine = n++;
    return budget.take(kind, signal).then(() => void passed.push({ at: clock.monotonic(), kind, n: mine }));
  };
  const takeMany = (count: number, kind?: BudgetKind): void => {
    for (let i = 0; i < count; i++) void take(kind);
  };
  return { clock, budget, passed, take, takeMany };
}

/** The most of these times that fall into any stretch of `ms`. */
function mostWithin(times: number[], ms: number): number {
  let first = 0;
  return times.reduce((most, time, i) => {
    while (times[first]! <= time - ms) first++;
    return Math.max(most, i - first + 1);
  }, 0);
}

describe('createRateBudget', () => {
  it('lets calls through at once until a minute is used up, then as the oldest grow a minute old', async () => {
    const { clock, passed, takeMany } = fixture();
    takeMany(100);
    await clock.advance(10_000);
    takeMany(200);
    await clock.advance(0);
    expect(passed).to.have.length(240);
    await clock.advance(49_999);
    expect(passed).to.have.length(240);
    await clock.advance(1);
    expect(passed).to.have.length(300);
    expect(clock.pending()).to.equal(0);
  });

  it('lets nobody overtake another of its kind', async () => {
    const { clock, passed, takeMany } = fixture();
    takeMany(500);
    await clock.advance(30_000);
    takeMany(10);
    await clock.advance(3 * MINUTE);
    expect(passed.map(call => call.n)).to.deep.equal(Array.from({ length: 510 }, (_, i) => i));
  });

  it('lets what is urgent pass first and creates last, whatever came first', async () => {
    const { clock, passed, takeMany } = fixture();
    takeMany(240);
    takeMany(2, 'create');
    takeMany(2);
    takeMany(2, 'keys');
    takeMany(2, 'urgent');
    await clock.advance(MINUTE);
    expect(passed.slice(240).map(call => call.kind)).to.deep.equal(
      ['urgent', 'ordinary', 'keys', 'create'].flatMap(kind => [kind, kind]),
    );
    expect(clock.pending()).to.equal(0);
  });

  it('never lets creates use up the minute, so that hundreds of them hold up no deletion', async () => {
    const { clock, passed, takeMany } = fixture();
    takeMany(900, 'create');
    for (let second = 0; second < 240; second += 10) {
      takeMany(1, 'urgent');
      const before = passed.length;
      await clock.advance(0);
      expect(passed[Math.max(before, second === 0 ? 220 : 0)]?.kind, `after ${second} s`).to.equal('urgent');
      await clock.advance(10_000);
    }
    await clock.advance(MINUTE);
    expect(passed.filter(call => call.kind === 'create')).to.have.length(900);
  });

  it('spends 4,800 calls in an hour and no more', async () => {
    const { clock, passed, takeMany } = fixture();
    takeMany(5_000);
    await clock.advance(HOUR - 1);
    expect(passed).to.have.length(4_800);
    await clock.advance(1);
    expect(passed).to.have.length(5_000);
  });

  it('keeps lists of keys to nine in a minute, and holds up nothing else meanwhile', async () => {
    const { clock, passed, takeMany } = fixture();
    takeMany(12, 'keys');
    takeMany(5);
    await clock.advance(MINUTE - 1);
    expect(passed.filter(call => call.kind === 'keys')).to.have.length(9);
    expect(passed).to.have.length(14);
    await clock.advance(1);
    expect(passed).to.have.length(17);
  });

  it('stops everything for as long as a 429 asks', async () => {
    const { clock, budget, passed, takeMany } = fixture();
    budget.report('ordinary', { status: 429, remaining: 4000, retryAfterMs: 7_000 });
    takeMany(1);
    takeMany(1, 'keys');
    await clock.advance(6_999);
    expect(passed).to.have.length(0);
    await clock.advance(1);
    expect(passed).to.have.length(2);
  });

  it('stops only the lists of keys when it was one of them that got the 429', async () => {
    const { clock, budget, passed, takeMany } = fixture();
    budget.report('keys', { status: 429, remaining: 4000 });
    takeMany(1, 'keys');
    takeMany(1);
    await clock.advance(MINUTE - 1);
    expect(passed.map(call => call.kind)).to.deep.equal(['ordinary']);
    await clock.advance(1);
    expect(passed).to.have.length(2);
  });

  it('stops until the reset when somebody else used up the hour', async () => {
    const { clock, budget, passed, takeMany } = fixture();
    budget.report('ordinary', { status: 200, remaining: 0, resetMs: 5 * MINUTE });
    takeMany(1);
    await clock.advance(5 * MINUTE - 1);
    expect(passed).to.have.length(0);
    await clock.advance(1);
    expect(passed).to.have.length(1);
  });

  it('forgets a call whose signal aborts while it waits, and lets those behind it move up', async () => {
    const { clock, passed, take, takeMany } = fixture();
    takeMany(240);
    const stop = new AbortController();
    const refused = rejection(take('ordinary', stop.signal));
    takeMany(1);
    stop.abort(new Error('enough'));
    expect((await refused).message).to.equal('enough');
    expect((await rejection(take('ordinary', stop.signal))).message).to.equal('enough');
    await clock.advance(MINUTE);
    expect(passed.map(call => call.n))
      .to.include(241)
      .and.not.include(240);
    expect(clock.pending()).to.equal(0);
  });

  it('never exceeds a window, and loses no call, however calls come', async () => {
    const bursts = array(
      record({ count: nat(150), creates: nat(99), urgent: nat(9), keys: nat(6), pauseMs: nat(40_000) }),
      {
        minLength: 1,
        maxLength: 12,
      },
    );
    await assert(
      asyncProperty(bursts, async bursts => {
        const { clock, passed, takeMany } = fixture();
        for (const { count, creates, urgent, keys, pauseMs } of bursts) {
          takeMany(count);
          takeMany(creates, 'create');
          takeMany(urgent, 'urgent');
          takeMany(keys, 'keys');
          await clock.advance(pauseMs);
        }
        await clock.advance(HOUR);
        const keyCalls = passed.filter(call => call.kind === 'keys');
        expect(passed).to.have.length(
          bursts.reduce((sum, { count, creates, urgent, keys }) => sum + count + creates + urgent + keys, 0),
        );
        expect(
          mostWithin(
            passed.map(call => call.at),
            MINUTE,
          ),
        ).to.be.at.most(240);
        expect(
          mostWithin(
            keyCalls.map(call => call.at),
            MINUTE,
          ),
        ).to.be.at.most(9);
      }),
      propertyOptions(30),
    );
  });
});
