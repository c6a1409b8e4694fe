import { expect } from 'chai';
import { readVote } from '../../../../reconcilers/health/vote.ts';
import { readVouch, vouchLease, type Vouch } from '../../../../reconcilers/health/vouch.ts';
import { aDroplet } from '../../../builders/objects.ts';

const WORD: Vouch = {
  target: 'default/shop-web1',
  project: 'shop',
  dropletID: 7,
  monitor: 'pod-1-abc',
  renewedAt: Date.parse('2026-01-01T00:00:00Z'),
};

describe('A vouch', () => {
  it('is read as it was written, and is no vote', () => {
    const lease = vouchLease(WORD, 'default', aDroplet('shop-web1'));
    expect(lease.metadata.name).to.equal('vouch-7');
    expect(readVouch(lease)).to.deep.equal(WORD);
    expect(readVote(lease)).to.equal(undefined);
  });

  it('goes with its Droplet, where both are in one namespace', () => {
    const droplet = aDroplet('shop-web1');
    expect(vouchLease(WORD, 'default', droplet).metadata.ownerReferences![0]!.uid).to.equal('uid-shop-web1');
    expect(vouchLease(WORD, 'dropfleet', droplet).metadata.ownerReferences).to.equal(undefined);
  });

  it('is none where anything of it is missing or contradicts', () => {
    const lease = vouchLease(WORD, 'default', aDroplet('shop-web1'));
    const { metadata, spec } = lease;
    expect(readVouch({ ...lease, metadata: { ...metadata, name: 'vouch-8' } })).to.equal(undefined);
    expect(readVouch({ ...lease, metadata: { ...metadata, labels: {} } })).to.equal(undefined);
    expect(readVouch({ ...lease, spec: { ...spec, renewTime: 'soon' } })).to.equal(undefined);
    expect(readVouch({ ...lease, spec: { ...spec, holderIdentity: null } })).to.equal(undefined);
  });
});
