import { expect } from 'chai';
import { createDrainTracker } from '../../../../reconcilers/draining/tracker.ts';
import { fakeClock } from '../../../fakes/clock.ts';

describe('How long servers have been out', () => {
  it('is counted for each from the first configuration without it', async () => {
    const clock = fakeClock();
    const tracker = createDrainTracker(clock);
    expect(tracker.areOut('master', ['a'])).to.deep.equal([0]);
    await clock.advance(1_000);
    expect(tracker.areOut('master', ['b', 'a'])).to.deep.equal([0, 1_000]);
    expect(tracker.areOut('another', ['a'])).to.deep.equal([0]);
  });

  it('begins again for one that was in meanwhile, or when it is not known what the master runs', async () => {
    const clock = fakeClock();
    const tracker = createDrainTracker(clock);
    tracker.areOut('master', ['a', 'b']);
    await clock.advance(1_000);
    tracker.areOut('master', ['b']);
    expect(tracker.areOut('master', ['a', 'b'])).to.deep.equal([0, 1_000]);
    tracker.forget('master');
    expect(tracker.areOut('master', ['a', 'b'])).to.deep.equal([0, 0]);
  });
});
