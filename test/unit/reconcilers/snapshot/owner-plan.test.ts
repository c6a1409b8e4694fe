import { expect } from 'chai';
import { fleetTag, projectRoleTag, uidTag } from '../../../../crds/cloud-tags.ts';
import { snapshotName, snapshotNamed } from '../../../../crds/snapshot-name.ts';
import { newestGoodSnapshot } from '../../../../reconcilers/snapshot/owner-plan.ts';
import { activeStatus, aDroplet } from '../../../builders/objects.ts';
import { aSnapshot } from '../../../builders/snapshots.ts';

const HOUR = 3_600_000;

describe("A snapshot's name", () => {
  const name = snapshotName('mine', 'shop-web1', 'nonce1', Date.parse('2026-01-02T03:04:05.678Z'));

  it('says whose it is and when it was asked for', () => {
    expect(name).to.equal('dropfleet.mine.shop-web1.nonce1.20260102T030405Z');
    expect(snapshotNamed('mine', name)).to.deep.equal({
      droplet: 'shop-web1',
      nonce: 'nonce1',
      at: '20260102T030405Z',
    });
  });

  it("is nobody else's, nor a person's that looks like it", () => {
    for (const fleet of ['min', 'mine-2', 'mine.shop-web1'])
      expect(snapshotNamed(fleet, name)).to.equal(undefined);
    for (const other of [
      'dropfleet.mine.shop-web1',
      `${name}.old`,
      'dropfleet.mine.a.b.c',
      'before the move',
    ])
      expect(snapshotNamed('mine', other)).to.equal(undefined);
  });
});

describe('What a server would be made from again', () => {
  const tagsOf = (name: string, role: 'master' | 'web', project = 'shop') => [
    fleetTag('f'),
    uidTag(`uid-${name}`),
    projectRoleTag('f', project, role),
  ];
  const newestFor = (name: string, snapshots: ReturnType<typeof aSnapshot>[]) =>
    newestGoodSnapshot(snapshots, aDroplet(name, { status: activeStatus(7) }), 'f')?.id;
  const at = (id: number, name: string, role: 'master' | 'web', parts: object = {}) =>
    aSnapshot(id, id * HOUR, { dropletId: 100 + id, tags: tagsOf(name, role), ...parts });

  it('is the newest of its own that is finished', () => {
    const own = [at(1, 'shop-master', 'master'), at(2, 'shop-master', 'master')];
    expect(newestFor('shop-master', [...own, at(3, 'shop-master', 'master', { sizeGB: 0 })])).to.equal('2');
    expect(newestFor('shop-master', [])).to.equal(undefined);
  });

  it('is for a web that of any web of its project, and for a master of no other server', () => {
    const all = [
      at(1, 'shop-web2', 'web'),
      at(2, 'shop-master', 'master'),
      at(3, 'blog-web1', 'web', { tags: tagsOf('blog-web1', 'web', 'blog') }),
    ];
    expect(newestFor('shop-web1', all)).to.equal('1');
    expect(newestFor('shop-master', [all[0]!, all[2]!])).to.equal(undefined);
  });
});
