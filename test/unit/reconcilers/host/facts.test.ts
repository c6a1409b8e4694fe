import { expect } from 'chai';
import { parseFacts } from '../../../../reconcilers/host/facts.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const whole = [
  'boot\terror',
  `boot-log\t${base64('one\ntwo\n')}`,
  'disk\t25000000\t20000000',
  'swap\ton',
  'tool\tdockerd',
  'tool\tnft',
  'service\tdocker',
  'engine\tdocker\t26.1.5+dfsg1',
  'metadata\tclosed',
  'file\tabc\t644\troot:root\t/etc/a file',
  'stale\tssh',
  'end',
  '',
];

describe('The facts of a host', () => {
  it('are read from its lines', () => {
    const facts = parseFacts(whole.join('\n'))!;
    expect(facts).to.deep.include({
      boot: 'error',
      bootLog: 'one\ntwo',
      disk: { size: 25_000_000, free: 20_000_000 },
      hasSwap: true,
      isContainer: false,
      isMetadataClosed: true,
    });
    expect([...facts.tools]).to.deep.equal(['dockerd', 'nft']);
    expect([...facts.services]).to.deep.equal(['docker']);
    expect([...facts.engines]).to.deep.equal([['docker', '26.1.5+dfsg1']]);
    expect([...facts.files]).to.deep.equal([
      ['/etc/a file', { digest: 'abc', mode: '644', owner: 'root:root' }],
    ]);
    expect([...facts.stale]).to.deep.equal(['ssh']);
  });

  it('are none when the answer is cut off anywhere', () => {
    const text = whole.join('\n').trimEnd();
    for (let length = 0; length < text.length; length++)
      expect(parseFacts(text.slice(0, length)), text.slice(0, length)).to.equal(undefined);
  });

  for (const disk of ['disk', 'disk\t\t', 'disk\tmany\tfew'])
    it(`are none without numbers of the disk: ${JSON.stringify(disk)}`, () => {
      const lines = whole.map(line => (line.startsWith('disk') ? disk : line));
      expect(parseFacts(lines.join('\n'))).to.equal(undefined);
    });
});
