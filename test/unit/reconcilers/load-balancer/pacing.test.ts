import { expect } from 'chai';
import { createPacing } from '../../../../reconcilers/load-balancer/pacing.ts';
import { fakeClock } from '../../../fakes/clock.ts';

describe('The pacing of reloads', () => {
  it('lets a change wait for two seconds, however many come after it', async () => {
    const clock = fakeClock();
    const pacing = createPacing(clock);
    expect(pacing.remaining('a')).to.equal(2_000);
    await clock.advance(1_999);
    expect(pacing.remaining('a')).to.equal(1);
    await clock.advance(1);
    expect(pacing.remaining('a')).to.equal(0);
  });

  it('starts over after a change was made, for that master alone', async () => {
    const clock = fakeClock();
    const pacing = createPacing(clock);
    for (const master of ['a', 'b']) pacing.remaining(master);
    await clock.advance(2_000);
    pacing.settled('a');
    expect([pacing.remaining('a'), pacing.remaining('b')]).to.deep.equal([2_000, 0]);
  });
});
