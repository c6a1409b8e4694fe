import { duplexPair } from 'node:stream';
import { expect } from 'chai';
import type { HostFault } from '../../../../../sandbox/hosts/driver.ts';
import { createFaults } from '../../../../../sandbox/hosts/emulated/network/faults.ts';
import { pump } from '../../../../../sandbox/hosts/emulated/network/pump.ts';
import { fakeClock } from '../../../../fakes/clock.ts';

describe('The way to an emulated host', () => {
  function open(fault?: HostFault, chances: number[] = []) {
    const clock = fakeClock();
    const faults = createFaults();
    if (fault !== undefined) faults.set(fault);
    const [client, near] = duplexPair();
    const [far, host] = duplexPair();
    const random = (): number => chances.shift() ?? 0.999;
    pump(near, far, {
      clock,
      random,
      conditions: () => faults.conditions('operator', 'incoming'),
      changed: () => faults.changed(),
    });
    let heard = '';
    host.on('data', chunk => (heard += String(chunk)));
    host.on('end', () => (heard += '<end>'));
    // Streams take a few turns to hand a chunk on.
    const settle = async (ms = 0): Promise<string> => {
      for (let turn = 0; turn < 5; turn++) await clock.advance(0);
      await clock.advance(ms);
      for (let turn = 0; turn < 5; turn++) await clock.advance(0);
      return heard;
    };
    return { client, host, faults, settle };
  }

  it('carries bytes in their order, and the end after them', async () => {
    const { client, settle } = open();
    client.write('one ');
    client.write('two');
    client.end();
    expect(await settle()).to.equal('one two<end>');
  });

  it('takes longer by a delay', async () => {
    const { client, settle } = open({ type: 'delay', ms: 100 });
    client.write('late');
    expect(await settle(99)).to.equal('');
    expect(await settle(1)).to.equal('late');
  });

  it('delays a stream once, not each of its pieces after the other', async () => {
    const { client, settle } = open({ type: 'delay', ms: 100 });
    for (const piece of ['a', 'b', 'c']) client.write(piece);
    expect(await settle(100)).to.equal('abc');
  });

  it('brings what was lost later, as TCP sends it again, and what followed behind it', async () => {
    const { client, settle } = open({ type: 'loss', percent: 50 }, [0.4, 0.4, 0.9, 0.9]);
    client.write('twice lost ');
    expect(await settle(599)).to.equal('');
    client.write('not lost');
    expect(await settle(1)).to.equal('twice lost not lost');
  });

  it('breaks the connection when everything is lost', async () => {
    const { client, host, settle } = open({ type: 'loss', percent: 100 });
    client.write('never');
    await settle(60_000);
    expect(host.destroyed || host.readableEnded).to.equal(true);
    expect(await settle()).to.not.contain('never');
  });

  it('holds everything back as long as nothing passes, and loses nothing of it', async () => {
    const { client, faults, settle } = open({ type: 'cut' });
    client.write('held');
    expect(await settle(600_000)).to.equal('');
    faults.clear();
    expect(await settle()).to.equal('held');
  });
});
