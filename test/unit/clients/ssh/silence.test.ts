import { expect } from 'chai';
import { watchForSilence } from '../../../../clients/ssh/silence.ts';
import { fakeClock } from '../../../fakes/clock.ts';

describe('A watched connection', () => {
  it('is dead when nothing came in for 15 to 20 s', async () => {
    const clock = fakeClock();
    const socket = { bytesRead: 100 };
    let isDead = false;
    watchForSilence(socket, clock, () => (isDead = true));
    await clock.advance(4_000);
    socket.bytesRead += 1;
    await clock.advance(15_000);
    expect(isDead).to.equal(false);
    await clock.advance(1_000);
    expect(isDead).to.equal(true);
  });

  it('lives as long as a byte comes in now and then', async () => {
    const clock = fakeClock();
    const socket = { bytesRead: 0 };
    let isDead = false;
    watchForSilence(socket, clock, () => (isDead = true));
    for (let i = 0; i < 20; i++) {
      await clock.advance(14_000);
      socket.bytesRead += 1;
    }
    expect(isDead).to.equal(false);
  });

  it('is left alone when the watch has ended', async () => {
    const clock = fakeClock();
    watchForSilence({ bytesRead: 0 }, clock, () => {
      throw new Error('still watched');
    })();
    expect(clock.pending()).to.equal(0);
  });
});
