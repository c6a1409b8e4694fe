import { expect } from 'chai';
import { readVote, voteLease, type Vote } from '../../../../reconcilers/health/vote.ts';
import { aDroplet } from '../../../builders/objects.ts';

const VOTE: Vote = {
  target: 'default/shop-web1',
  project: 'shop',
  dropletID: 4711,
  observer: 'shop-master',
  failingSince: Date.parse('2026-01-02T03:04:05.678Z'),
  renewedAt: Date.parse('2026-01-02T03:04:35Z'),
  flaps: 2,
};

describe('A vote', () => {
  const lease = (namespace = 'default') => voteLease(VOTE, namespace, aDroplet('shop-web1'));

  it('is a Lease that says the same when it is read again', () => {
    expect(readVote(lease())).to.deep.equal(VOTE);
    expect(lease().metadata.name).to.equal('vote-4711-shop-master');
    expect(lease().spec).to.deep.include({
      holderIdentity: 'shop-master',
      leaseDurationSeconds: 30,
      acquireTime: '2026-01-02T03:04:05.678000Z',
      leaseTransitions: 2,
    });
  });

  it('goes with its Droplet where an owner can be named: in the same namespace', () => {
    expect(lease().metadata.ownerReferences).to.have.length(1);
    expect(lease('dropfleet').metadata.ownerReferences).to.equal(undefined);
  });

  it('is no Lease that somebody else wrote, or that names another server than its name', () => {
    const { metadata, spec } = lease();
    const leader = { ...lease(), metadata: { ...metadata, labels: {} } };
    const renamed = { ...lease(), metadata: { ...metadata, name: 'vote-4712-shop-master' } };
    const stolen = { ...lease(), spec: { ...spec, holderIdentity: 'shop-web2' } };
    const timeless = { ...lease(), spec: { ...spec, renewTime: 'soon' } };
    for (const other of [leader, renamed, stolen, timeless]) expect(readVote(other)).to.equal(undefined);
  });
});
