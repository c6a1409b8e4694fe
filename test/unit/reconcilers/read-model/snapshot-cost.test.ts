import { expect } from 'chai';
import { describeSnapshots } from '../../../../reconcilers/read-model/snapshot-cost.ts';

describe('What snapshots cost', () => {
  it('is 6 cents for a GB a month, whatever they have in common', () => {
    expect(describeSnapshots([{ sizeGB: 2.34 }, { sizeGB: 38.66 }])).to.equal('2, 41 GB, $2.46 a month');
    expect(describeSnapshots([{ sizeGB: 1.25 }])).to.equal('1, 1.3 GB, $0.07 a month');
    expect(describeSnapshots([])).to.equal('0, 0 GB, $0.00 a month');
  });
});
