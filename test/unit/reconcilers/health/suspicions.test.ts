import { expect } from 'chai';
import { describeSuspicion, suspicionsOf } from '../../../../reconcilers/health/suspicions.ts';
import { activeDroplets } from '../../../builders/objects.ts';

const NOW = Date.parse('2026-01-01T00:01:00Z');
const vote = (observer: string, dropletID = 2, renewedAt = NOW - 5_000) => ({
  target: 'default/shop-web1',
  project: 'shop',
  dropletID,
  observer,
  failingSince: NOW - 23_000,
  renewedAt,
  flaps: 0,
});

describe('Who is suspected', () => {
  it('is said with all who say so, and for how long', () => {
    const [suspicion] = suspicionsOf([vote('witness'), vote('shop-master')], activeDroplets('shop', 2), NOW);
    expect(describeSuspicion(suspicion!, NOW)).to.equal(
      'shop-web1 suspected by shop-master and witness for 23 s',
    );
  });

  it('is nobody because of a vote about a former server, or one that nobody renews', () => {
    const votes = [vote('witness', 99), vote('shop-master', 2, NOW - 31_000)];
    expect(suspicionsOf(votes, activeDroplets('shop', 2), NOW)).to.deep.equal([]);
  });
});
