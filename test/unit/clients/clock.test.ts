import { expect } from 'chai';
import { mock } from 'node:test';
import { systemClock } from '../../../clients/clock.ts';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

describe("The machine's clock", () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  /** How long it is until the callback is called. */
  function watch(ms: number) {
    const seen = { calls: 0, cancel: () => {} };
    seen.cancel = systemClock.after(ms, () => void seen.calls++);
    return seen;
  }

  it('waits longer than a timer of the system can', () => {
    const long = watch(2 * LONGEST_TIMER_MS + 1_000);
    for (const part of [LONGEST_TIMER_MS, LONGEST_TIMER_MS, 999]) mock.timers.tick(part);
    expect(long.calls).to.equal(0);
    mock.timers.tick(1);
    expect(long.calls).to.equal(1);
  });

  it('waits for ever when it is told to', () => {
    const forever = watch(Infinity);
    for (let n = 0; n < 5; n++) mock.timers.tick(LONGEST_TIMER_MS);
    expect(forever.calls).to.equal(0);
  });

  it('can be called off in every part of a long wait', () => {
    const [first, second] = [watch(LONGEST_TIMER_MS + 1), watch(LONGEST_TIMER_MS + 1)];
    first.cancel();
    mock.timers.tick(LONGEST_TIMER_MS);
    second.cancel();
    mock.timers.tick(LONGEST_TIMER_MS);
    expect([first.calls, second.calls]).to.deep.equal([0, 0]);
  });
});
