import { expect } from 'chai';
import { formatRecoverWish, parseRecoverWish } from '../../../crds/recover-wish.ts';

describe('The wish to have a server replaced', () => {
  it('is read as it was written', () => {
    for (const wish of [
      { serverID: 7, clean: false },
      { serverID: 412_000_001, clean: true },
    ])
      expect(parseRecoverWish(formatRecoverWish(wish))).to.deep.equal(wish);
  });

  it('is none that does not name a server, and nothing but that', () => {
    for (const text of [undefined, '', 'yes', '7 dirty', '7 clean 8', '-7', '1'.repeat(16)])
      expect(parseRecoverWish(text), String(text)).to.equal(undefined);
  });
});
