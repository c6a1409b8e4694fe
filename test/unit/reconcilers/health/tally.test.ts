import { expect } from 'chai';
import { createTally } from '../../../../reconcilers/health/tally.ts';
import { fakeClock } from '../../../fakes/clock.ts';

const vote = (renewedAt: number, failingSince = 0) => ({
  target: 'default/shop-web1',
  project: 'shop',
  dropletID: 2,
  observer: 'shop-master',
  failingSince,
  renewedAt,
  flaps: 0,
});

describe('The tally of votes', () => {
  it('counts a vote that was there before only once it is renewed', () => {
    const tally = createTally(fakeClock());
    tally.saw(vote(1), true);
    expect(tally.against(2)).to.deep.equal([]);
    tally.saw(vote(1), false);
    expect(tally.against(2)).to.deep.equal([]);
    tally.saw(vote(2), false);
    expect(tally.against(2)).to.have.length(1);
  });

  it('counts a vote for 30 s after its renewal was seen, whatever time it carries', async () => {
    const clock = fakeClock();
    const tally = createTally(clock);
    tally.saw(vote(Date.parse('2099-01-01T00:00:00Z')), false);
    await clock.advance(29_999);
    expect(tally.against(2)).to.have.length(1);
    await clock.advance(1);
    expect(tally.against(2)).to.deep.equal([]);
  });

  it('counts a vote that lapsed, or was taken back, anew when it comes again', async () => {
    const clock = fakeClock();
    const tally = createTally(clock);
    tally.saw(vote(1), false);
    await clock.advance(40_000);
    tally.saw(vote(2), false);
    expect(tally.against(2)).to.deep.include({ observer: 'shop-master', failingSince: 0, since: 40_000 });
    await clock.advance(5_000);
    tally.gone(vote(2));
    tally.saw(vote(3, 1), false);
    expect(tally.against(2)[0]?.since).to.equal(45_000);
  });

  it('remembers whom it counted a vote against for as long as it is asked to', async () => {
    const clock = fakeClock();
    const tally = createTally(clock);
    tally.saw(vote(1), false);
    await clock.advance(140_000);
    expect(tally.suspects(120_000)).to.have.length(1);
    await clock.advance(140_000);
    expect(tally.suspects(120_000)).to.deep.equal([]);
  });
});
