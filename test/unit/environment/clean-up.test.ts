import { expect } from 'chai';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { cleanUp } from '../../environment/clean-up.ts';
import { fakeClock, type FakeClock } from '../../fakes/clock.ts';

describe('The clean-up after tests', () => {
  const names = Array.from({ length: 20 }, (_, i) => `n${i}`);
  let clock: FakeClock;
  let complaints: string[];

  beforeEach(() => {
    clock = fakeClock();
    complaints = [];
  });
  const run = (remove: (name: string, signal: AbortSignal) => Promise<unknown>): Promise<void> =>
    cleanUp('things', names, remove, {
      atOnce: 4,
      withinMs: 1_000,
      clock,
      complain: text => complaints.push(text),
    });

  it('has only so many under way, and comes to all of them', async () => {
    const done: string[] = [];
    let now = 0;
    let most = 0;
    await run(async name => {
      most = Math.max(most, ++now);
      await nextTurn();
      now -= 1;
      done.push(name);
    });
    expect(most).to.equal(4);
    expect(done.toSorted()).to.deep.equal(names.toSorted());
    expect(complaints).to.deep.equal([]);
    expect(clock.pending()).to.equal(0);
  });

  it('goes on when one fails, and says which and why instead of failing', async () => {
    const done: string[] = [];
    await run(async name => {
      if (name === 'n3') throw new Error('n3 is held');
      done.push(name);
    });
    expect(done).to.have.length(names.length - 1);
    expect(complaints).to.have.length(1);
    expect(complaints[0]).to.match(/CLEAN-UP FAILED: things: 1 of 20 .*\n {2}n3: n3 is held$/);
  });

  it('ends in time although nothing does, and says what is left', async () => {
    const begun: string[] = [];
    const signals: AbortSignal[] = [];
    const running = run((name, signal) => {
      begun.push(name);
      signals.push(signal);
      return new Promise(() => undefined);
    });
    await clock.advance(1_000);
    await running;
    expect(begun).to.deep.equal(['n0', 'n1', 'n2', 'n3']);
    expect(signals.every(({ aborted }) => aborted)).to.equal(true);
    expect(complaints[0]).to.contain('20 of 20').and.to.contain('n19: it took more than 1000 ms');
  });
});
