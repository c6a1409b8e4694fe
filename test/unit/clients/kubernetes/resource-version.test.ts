import { expect } from 'chai';
import { compareVersions } from '../../../../clients/kubernetes/resource-version.ts';

describe('compareVersions', () => {
  it('orders versions by what they count, also past what a number holds', () => {
    expect(compareVersions('9', '10')).to.be.lessThan(0);
    expect(compareVersions('18446744073709551615', '18446744073709551614')).to.be.greaterThan(0);
    expect(compareVersions('7', '7')).to.equal(0);
  });

  it('says nothing about the order of what is no count', () => {
    expect(compareVersions('v9', 'v10')).to.equal(undefined);
    expect(compareVersions('9', 'v10')).to.equal(undefined);
    expect(compareVersions('09', '9')).to.equal(undefined);
    expect(compareVersions('v9', 'v9')).to.equal(0);
  });
});
