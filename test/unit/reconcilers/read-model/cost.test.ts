import { expect } from 'chai';
import { formatDollars } from '../../../../reconcilers/read-model/cost.ts';

describe('An amount of dollars', () => {
  it('is written with cents, and with a comma before every three digits', () => {
    const amounts = [0, 6, 18.5, 999.99, 1_234.5, 100_000, 1_234_567.891];
    expect(amounts.map(formatDollars)).to.deep.equal([
      '$0.00',
      '$6.00',
      '$18.50',
      '$999.99',
      '$1,234.50',
      '$100,000.00',
      '$1,234,567.89',
    ]);
  });
});
