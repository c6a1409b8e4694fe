import { expect } from 'chai';
import { keptLines } from '../../../../cli/show/surplus-lines.ts';
import { describeAdvice } from '../../../../reconcilers/orphans/advice-plan.ts';

const VOLUME = { kind: 'volume', id: 'v1', name: 'mine-shop-data', tags: [], sizeGB: 10 } as const;

describe('What is said of the volume of a Project that is gone', () => {
  it('names its price, and the command that removes it and nothing else', () => {
    expect(keptLines([{ ...VOLUME, monthlyCost: 1 }])).to.deep.equal([
      'kept volume v1 (mine-shop-data), 10 GB, $1.00 a month: it holds the data of a Project that is gone; "dropfleet cleanup --data-volume mine-shop-data" removes them',
    ]);
    expect(describeAdvice({ ...VOLUME, createdAt: '', advice: 'cleanup' })).to.equal(
      '10 GB at $1.00 a month, with the data of a Project that is gone: dropfleet cleanup --data-volume mine-shop-data removes it',
    );
  });
});
