import { expect } from 'chai';
import { didYouMean, findNearMatch } from '../../../config/near-match.ts';

describe('what a misspelt word was meant to be', () => {
  it('is the candidate with the fewest changed letters', () => {
    expect(findNearMatch('servrs', ['Server', 'Servers'])).to.equal('Servers');
    expect(findNearMatch('s-2vcpu-4g', ['s-2vcpu-2gb', 's-2vcpu-4gb', 's-4vcpu-8gb'])).to.equal(
      's-2vcpu-4gb',
    );
  });

  it('is nothing when more than a third of its letters would change', () => {
    expect(findNearMatch('abcdef', ['abcdxy'])).to.equal('abcdxy');
    expect(findNearMatch('abcdef', ['abcxyz'])).to.equal(undefined);
    expect(findNearMatch('abcdef', ['xyzabcdef'])).to.equal(undefined);
    expect(findNearMatch('ab', ['cd'])).to.equal(undefined);
  });

  it('is asked for in words', () => {
    expect(didYouMean('wbe', ['web'])).to.equal('');
    expect(didYouMean('we', ['web'])).to.equal('; did you mean "web"?');
  });
});
