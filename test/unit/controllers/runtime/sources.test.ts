import { expect } from 'chai';
import { every } from '../../../../controllers/runtime/sources.ts';
import { fakeClock } from '../../../fakes/clock.ts';

describe('A source that ticks', () => {
  it('tells its listener after each period, and nothing before the first', async () => {
    const clock = fakeClock();
    let ticks = 0;
    every(clock, 1_000).subscribe(() => (ticks += 1));
    await clock.advance(999);
    expect(ticks).to.equal(0);
    await clock.advance(2_001);
    expect(ticks).to.equal(3);
  });

  it('sets no timer any more once nobody listens', async () => {
    const clock = fakeClock();
    const stop = every(clock, 1_000).subscribe(() => undefined);
    await clock.advance(1_000);
    stop();
    expect(clock.pending()).to.equal(0);
  });

  it('goes on when a listener throws', async () => {
    const clock = fakeClock();
    let ticks = 0;
    every(clock, 1_000).subscribe(() => {
      ticks += 1;
      if (ticks === 1) throw new Error('once');
    });
    await clock.advance(1_000).catch(() => undefined);
    await clock.advance(1_000);
    expect(ticks).to.equal(2);
  });
});
