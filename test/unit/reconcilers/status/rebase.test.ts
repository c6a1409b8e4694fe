import { expect } from 'chai';
import { rebase } from '../../../../reconcilers/status/rebase.ts';

describe('A change that is rebased', () => {
  it('is what was meant where nobody else has written', () => {
    const base = { phase: 'Creating', server: { nonce: 'n', launchedAt: 't' } };
    const mine = { phase: 'Active', server: { nonce: 'n', id: 7 } };
    expect(rebase(base, mine, base)).to.deep.equal(mine);
  });

  it('leaves alone what it does not change, however deep', () => {
    const theirs = { server: { nonce: 'n', id: 7 }, host: { keyFingerprint: 'k' } };
    expect(rebase({ server: { nonce: 'n' } }, { server: { nonce: 'n', size: 's' } }, theirs)).to.deep.equal({
      server: { nonce: 'n', id: 7, size: 's' },
      host: { keyFingerprint: 'k' },
    });
  });

  it('takes nothing out that is another by now', () => {
    const base = { server: { nonce: 'mine', id: 7 } };
    expect(rebase(base, { server: {} }, { server: { nonce: 'theirs', id: 7 } })).to.deep.equal({
      server: { nonce: 'theirs' },
    });
    expect(rebase({ cost: '$1' }, {}, { cost: '$2' })).to.deep.equal({ cost: '$2' });
  });

  it('leaves no object without a field behind', () => {
    const base = { server: { nonce: 'n' } };
    expect(rebase(base, { server: {} }, base)).to.deep.equal({});
  });
});
