import { expect } from 'chai';
import { createCurrentKey, KEY_MS } from '../../../cli/world/current-key.ts';
import { makeKey } from '../../../cli/world/ssh-key.ts';
import { fingerprintOfLine } from '../../../clients/ssh/fingerprint.ts';
import { fakeClock } from '../../fakes/clock.ts';
import { fakeLogger } from '../../fakes/logger.ts';

describe('The SSH key of a process that goes on', () => {
  async function start() {
    const [old, next] = [await makeKey(), await makeKey()];
    let read = (): Promise<typeof old> => Promise.resolve(old);
    const clock = fakeClock();
    const log = fakeLogger();
    const key = await createCurrentKey(() => read(), { clock, log });
    const stop = new AbortController();
    const following = key.follow(stop.signal);
    const told = (): string[] => log.lines.map(({ message }) => message);
    return {
      key,
      old,
      next,
      told,
      setRead: (other: typeof read) => void (read = other),
      pass: () => clock.advance(KEY_MS),
      end: async (): Promise<void> => {
        stop.abort(new Error('the test is over'));
        await clock.advance(0);
        await following;
      },
    };
  }

  it('is the new one a minute after it was replaced', async () => {
    const { key, old, next, told, setRead, pass, end } = await start();
    await pass();
    expect([key.privateKey, told()]).to.deep.equal([old.privateKey, []]);
    setRead(() => Promise.resolve(next));
    await pass();
    expect(key.privateKey).to.equal(next.privateKey);
    expect(told()).to.deep.equal([`uses the fleet's new SSH key ${fingerprintOfLine(next.publicKey)}`]);
    await end();
  });

  it('stays the old one while the new one cannot be read, which is said once', async () => {
    const { key, old, next, told, setRead, pass, end } = await start();
    setRead(() => Promise.reject(new Error('the API is down')));
    for (let i = 0; i < 3; i++) await pass();
    expect(key.privateKey).to.equal(old.privateKey);
    expect(told()).to.deep.equal(['goes on with the SSH key it has: the API is down']);
    setRead(() => Promise.resolve(next));
    await pass();
    expect(key.privateKey).to.equal(next.privateKey);
    await end();
  });
});
