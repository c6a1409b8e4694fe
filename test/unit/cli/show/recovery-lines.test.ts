import { expect } from 'chai';
import { recoveryLines } from '../../../../cli/show/recovery-lines.ts';
import type { DropletStatus } from '../../../../crds/droplet.ts';
import { aCondition, aDroplet, aServiceDeployment, activeStatus } from '../../../builders/objects.ts';

const now = Date.parse('2026-01-02T05:12:59Z');
const lines = (name: string, status: Partial<DropletStatus> = {}, clean = false): string[] =>
  recoveryLines({
    droplet: aDroplet(name, { status: { ...activeStatus(7), ...status } }),
    services: [
      aServiceDeployment('shop-prod-site', { 'shop-web1': '10.0.0.7:8080' }),
      aServiceDeployment(
        'shop-prod-files',
        { 'shop-web1': '10.0.0.7:8081' },
        {
          spec: { volumes: [{ name: 'uploads', path: '/data' }] },
        },
      ),
      aServiceDeployment(
        'shop-prod-database',
        {},
        {
          spec: { type: 'infra', volumes: [{ name: 'pgdata', path: '/var/lib/postgresql' }] },
        },
      ),
      aServiceDeployment('shop-prod-cache', {}, { spec: { type: 'infra', stopped: true } }),
    ],
    clean,
    now,
  });

describe('What is said before a server is given up', () => {
  it('is how it is, who says so, and what becomes of it', () => {
    const conditions = [aCondition('Ready', 'False'), aCondition('Healthy', 'False')];
    expect(
      lines('shop-web1', { conditions, monitoredBy: ['shop-master', 'shop-web2'] }).slice(0, 4),
    ).to.deep.equal([
      'shop-web1 is droplet 7 (web, s-1vcpu-1gb in nyc3): Ready is False',
      'Healthy is False: Healthy is False',
      'It is observed by shop-master, shop-web2.',
      'It is powered off and kept for 24 hours; a new server gets its name, its role, and what runs there now.',
    ]);
  });

  it('is all that is lost: what is younger than the snapshot, or the whole disk', () => {
    const snapshot = { id: '4711', createdAt: '2026-01-02T00:00:00Z' };
    expect(lines('shop-web1', { snapshot })).to.include(
      'Lost is what came to its disk since its newest snapshot, 4711, which is 5 h 12 min old.',
    );
    expect(
      lines('shop-web1', { snapshot: { ...snapshot, createdAt: '2025-12-31T00:00:00Z' } }).join(),
    ).to.contain('2 d 5 h old');
    expect(lines('shop-web1', { snapshot }, true)).to.include('Lost is everything on its disk.');
    expect(lines('shop-web1')).to.include('Lost is everything on its disk: it has no snapshot.');
  });

  it('names the services whose data is on that disk', () => {
    expect(lines('shop-web1').slice(4)).to.deep.equal([
      'That disk holds the data of files in prod, with uploads.',
    ]);
    expect(lines('shop-master').slice(4)).to.deep.equal([
      'That disk holds the data of database in prod, with pgdata.',
    ]);
  });
});
