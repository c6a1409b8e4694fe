import { expect } from 'chai';
import { createRequestedWaits } from '../../../clients/requested-wait.ts';
import { fakeLogger } from '../../fakes/logger.ts';

describe('A wait that somebody else tells', () => {
  it('is as long as they say, to the limit', () => {
    const waits = createRequestedWaits('It', 300_000);
    for (const [said, ms] of [
      ['7', 7_000],
      [7, 7_000],
      ['0', 0],
      ['300', 300_000],
      ['3000000', 300_000],
      ['999999999999999', 300_000],
    ])
      expect(waits.read(said), String(said)).to.equal(ms);
  });

  it('is none when it is no number of seconds', () => {
    const waits = createRequestedWaits('It', 300_000);
    for (const said of [
      '',
      'soon',
      '-1',
      '1e3',
      '0x10',
      ' 7',
      '1.5',
      '9'.repeat(16),
      NaN,
      -1,
      1.5,
      Infinity,
      null,
      ['7'],
      {},
    ])
      expect(waits.read(said), JSON.stringify(said)).to.equal(undefined);
  });

  it('until a time is none once that is past', () => {
    const waits = createRequestedWaits('It', 300_000);
    expect([waits.until('100', 90_000), waits.until('100', 200_000)]).to.deep.equal([10_000, 0]);
  });

  it('is told when it is shortened, once until one is believed again', () => {
    const log = fakeLogger();
    const waits = createRequestedWaits('It', 300_000, log);
    for (const said of ['301', '302', '7', '303']) waits.read(said);
    expect(log.lines.map(({ message }) => message)).to.deep.equal([
      'It asks for a wait of 301 s: it is asked again in 300 s',
      'It asks for a wait of 303 s: it is asked again in 300 s',
    ]);
  });
});
