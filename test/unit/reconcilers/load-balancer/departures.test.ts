import { expect } from 'chai';
import { createDepartures } from '../../../../reconcilers/load-balancer/departures.ts';
import { fakeClock } from '../../../fakes/clock.ts';

describe('How long servers have been out', () => {
  it('is counted for each from the first configuration without it', async () => {
    const clock = fakeClock();
    const departures = createDepartures(clock);
    expect(departures.areOut('master', ['a'])).to.deep.equal([0]);
    await clock.advance(1_000);
    expect(departures.areOut('master', ['b', 'a'])).to.deep.equal([0, 1_000]);
    expect(departures.areOut('another', ['a'])).to.deep.equal([0]);
  });

  it('begins again for one that was in meanwhile, or when it is not known what the master runs', async () => {
    const clock = fakeClock();
    const departures = createDepartures(clock);
    departures.areOut('master', ['a', 'b']);
    await clock.advance(1_000);
    departures.areOut('master', ['b']);
    expect(departures.areOut('master', ['a', 'b'])).to.deep.equal([0, 1_000]);
    departures.forget('master');
    expect(departures.areOut('master', ['a', 'b'])).to.deep.equal([0, 0]);
  });
});
