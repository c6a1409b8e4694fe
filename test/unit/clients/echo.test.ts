import { expect } from 'chai';
import { findOwnAddress } from '../../../clients/echo.ts';
import { rejection } from '../../fakes/rejection.ts';

const never = new AbortController().signal;
const NO_ADDRESS = [
  new Error('down'),
  '<html>503</html>',
  '',
  '300.0.113.7',
  '2001:db8::7',
  '203.0.113.8 '.repeat(99),
];

const find = (answers: Record<string, string | Error>): Promise<string> =>
  findOwnAddress(
    Object.keys(answers),
    url => {
      const answer = answers[url]!;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    never,
  );

const sentence = async (answers: Record<string, string | Error>): Promise<string> =>
  (await rejection(find(answers))).message;

describe('The own address, by echo services', () => {
  it('is what they agree on', async () => {
    expect(await find({ a: '203.0.113.7', b: '203.0.113.7\n' })).to.equal('203.0.113.7');
  });

  it('is what two of them say when a third cannot be asked or talks nonsense', async () => {
    for (const other of NO_ADDRESS)
      expect(await find({ a: other, b: '203.0.113.7', c: '203.0.113.7' }), String(other)).to.equal(
        '203.0.113.7',
      );
  });

  it('is not what one of them says alone, for it could open SSH to anybody', async () => {
    for (const other of NO_ADDRESS)
      expect(await sentence({ a: other, b: '203.0.113.7' }), String(other)).to.match(
        /\(b told 203\.0\.113\.7, and no other anything\): set DROPFLEET_OPERATOR_IP/,
      );
  });

  it('is not what one of them says twice', async () => {
    const ask = (url: string) =>
      url === 'a' ? Promise.resolve('203.0.113.7') : Promise.reject(new Error('down'));
    expect((await rejection(findOwnAddress(['a', 'a', 'b'], ask, never))).message).to.include(
      '(a told 203.0.113.7, and',
    );
  });

  it('is what the only one says where a person named no other', async () => {
    expect(await find({ a: '203.0.113.7' })).to.equal('203.0.113.7');
  });

  it('is not guessed when they disagree', async () => {
    const most = { a: '203.0.113.7', b: '198.51.100.7', c: '203.0.113.7' };
    expect(await sentence(most)).to.match(
      /\(a told 203\.0\.113\.7, b told 198\.51\.100\.7, c told 203\.0\.113\.7\): set DROPFLEET_OPERATOR_IP/,
    );
  });

  it('is not known when nobody answers', async () => {
    expect(await sentence({ a: new Error('down'), b: 'no' })).to.equal(
      'the address that droplets see this operator under could not be found out (none of a, b told it): set DROPFLEET_OPERATOR_IP to it; firewalls stay as they are until then',
    );
  });
});
