import { expect } from 'chai';
import {
  drillTag,
  drillUidOf,
  fleetTag,
  isLiveTag,
  nonceOf,
  nonceTag,
  projectRoleTag,
  retiredAtOf,
  retiredAtTag,
  retiredTag,
  retiredUidOf,
  uidOf,
  uidTag,
} from '../../../crds/cloud-tags.ts';

describe('The tags in the cloud', () => {
  it('say whose a resource is', () => {
    const tags = ['web', fleetTag('f1'), projectRoleTag('f1', 'shop', 'web'), uidTag('u-1'), nonceTag('n1')];
    expect(tags.slice(1)).to.deep.equal([
      'dropfleet:f1',
      'dropfleet:f1:shop:web',
      'dropfleet-uid:u-1',
      'dropfleet-nonce:n1',
    ]);
    expect(uidOf(tags)).to.equal('u-1');
    expect(nonceOf(tags)).to.equal('n1');
  });

  it('say whose a retired server was, and since when to the second', () => {
    const at = Date.parse('2026-02-03T04:05:06.789Z');
    const tags = [fleetTag('f1'), retiredTag('u-1'), retiredAtTag(at)];
    expect(tags.slice(1)).to.deep.equal(['dropfleet-retired:u-1', 'dropfleet-retired-at:20260203t040506z']);
    expect([uidOf(tags), retiredUidOf(tags), retiredAtOf(tags)]).to.deep.equal([undefined, 'u-1', at - 789]);
    expect(retiredAtOf(['dropfleet-retired-at:tomorrow'])).to.equal(undefined);
  });

  it('take a server for its object’s by its uid or its place alone', () => {
    const all = [
      fleetTag('f1'),
      projectRoleTag('f1', 'shop', 'web'),
      uidTag('u'),
      nonceTag('n'),
      retiredTag('u'),
    ];
    expect(all.filter(isLiveTag)).to.deep.equal(['dropfleet:f1:shop:web', 'dropfleet-uid:u']);
  });

  it('tell the server of a drill, unless it is somebody’s by any other tag', () => {
    const copy = [fleetTag('f1'), drillTag('u-1'), nonceTag('n')];
    expect(drillUidOf(copy)).to.equal('u-1');
    for (const tag of [uidTag('u-1'), projectRoleTag('f1', 'shop', 'web'), retiredTag('u-1')])
      expect(drillUidOf([...copy, tag]), tag).to.equal(undefined);
  });

  it('are not found on a resource that is not ours', () => {
    const tags = ['uid:u-1', 'my-dropfleet-uid:u-1', 'dropfleet:f1'];
    expect([uidOf(tags), nonceOf(tags)]).to.deep.equal([undefined, undefined]);
  });

  it('cannot be made of what DigitalOcean takes for another tag or for none', () => {
    for (const id of ['', 'a:b', 'A', 'a b', 'a.b', 'ä', 'x'.repeat(246)])
      expect(() => fleetTag(id), id).to.throw(RangeError, /cannot be a tag/);
    expect(fleetTag('x'.repeat(245))).to.have.length(255);
  });
});
