import { expect } from 'chai';
import { createLocalHealth } from '../../../../reconcilers/monitor/local-health.ts';

describe('The health of a monitor itself', () => {
  it('is doubted for half a minute after a probe began more than a second late', () => {
    const health = createLocalHealth();
    health.began(1_000, 0);
    expect(health.patience(0)).to.equal(1);
    health.began(1_001, 5_000);
    expect(health.patience(34_999)).to.equal(2);
    expect(health.patience(35_000)).to.equal(1);
  });

  it('is doubted while more than half of at least three targets are silent', () => {
    const health = createLocalHealth();
    health.ended('a', true);
    health.ended('b', true);
    expect(health.patience(0)).to.equal(1);
    health.ended('c', false);
    expect(health.patience(0)).to.equal(2);
    health.ended('d', false);
    expect(health.patience(0)).to.equal(1);
    health.ended('d', undefined);
    expect(health.patience(0)).to.equal(2);
  });
});
