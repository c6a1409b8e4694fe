import { expect } from 'chai';
import { findOwnAddress } from '../../../clients/echo.ts';
import { rejection } from '../../fakes/rejection.ts';

const find = (answers: Record<string, string | Error>): Promise<string> =>
  findOwnAddress(
    Object.keys(answers),
    url => {
      const answer = answers[url]!;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    new AbortController().signal,
  );

const sentence = async (answers: Record<string, string | Error>): Promise<string> =>
  (await rejection(find(answers))).message;

describe('The own address, by echo services', () => {
  it('is what they agree on', async () => {
    expect(await find({ a: '203.0.113.7', b: '203.0.113.7\n' })).to.equal('203.0.113.7');
  });

  it('is what one of them says when the other cannot be asked or talks nonsense', async () => {
    for (const other of [
      new Error('down'),
      '<html>503</html>',
      '',
      '300.0.113.7',
      '2001:db8::7',
      '203.0.113.8 '.repeat(99),
    ])
      expect(await find({ a: other, b: '203.0.113.7' }), String(other)).to.equal('203.0.113.7');
  });

  it('is not guessed when they disagree', async () => {
    expect(await sentence({ a: '203.0.113.7', b: '198.51.100.7' })).to.match(
      /\(a and b told 203\.0\.113\.7 and 198\.51\.100\.7\): set DROPFLEET_OPERATOR_IP/,
    );
  });

  it('is not known when nobody answers', async () => {
    expect(await sentence({ a: new Error('down'), b: 'no' })).to.equal(
      'the address that droplets see this operator under could not be found out (none of a, b told it): set DROPFLEET_OPERATOR_IP to it; firewalls stay as they are until then',
    );
  });
});
