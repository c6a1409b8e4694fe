import { expect } from 'chai';
import { createFlapDamper } from '../../../../reconcilers/load-balancer/flapping.ts';
import { fakeClock } from '../../../fakes/clock.ts';

describe('A droplet whose health goes to and fro', () => {
  const start = () => {
    const clock = fakeClock();
    const damper = createFlapDamper(clock);
    return { clock, falls: () => (damper.dampedMs('a', false), damper.dampedMs('a', true)), damper };
  };

  it('may come back at once after its first fall', () => {
    expect(start().falls()).to.equal(0);
  });

  it('is kept out twice as long after each further one, and at most five minutes', () => {
    const { falls } = start();
    expect(Array.from({ length: 8 }, falls).map(ms => ms / 1000)).to.deep.equal([
      0, 10, 20, 40, 80, 160, 300, 300,
    ]);
  });

  it('must be well for that long without a break', async () => {
    const { clock, damper, falls } = start();
    falls();
    falls();
    await clock.advance(9_000);
    expect(damper.dampedMs('a', true)).to.equal(1_000);
    expect(falls()).to.equal(20_000);
    await clock.advance(20_000);
    expect(damper.dampedMs('a', true)).to.equal(0);
  });

  it('is forgiven falls that are ten minutes old', async () => {
    const { clock, falls } = start();
    falls();
    falls();
    await clock.advance(600_001);
    expect(falls()).to.equal(0);
  });

  it('does not count against another', () => {
    const { damper, falls } = start();
    falls();
    falls();
    damper.dampedMs('b', false);
    expect(damper.dampedMs('b', true)).to.equal(0);
  });
});
