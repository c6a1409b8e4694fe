import { expect } from 'chai';
import { drillLines, drillOfferLines, drillProgress } from '../../../cli/show/drill-lines.ts';
import type { DropletStatus } from '../../../crds/droplet.ts';
import { activeStatus, aDroplet } from '../../builders/objects.ts';

const NOW = Date.parse('2026-01-04T02:00:00Z');
const verifiedRestore = {
  snapshotID: '99',
  snapshotCreatedAt: '2026-01-01T00:00:00Z',
  verifiedAt: '2026-01-01T00:00:48Z',
  secondsToAnswer: 48,
};
const web = (status: Partial<DropletStatus> = {}) =>
  aDroplet('shop-web1', { status: { ...activeStatus(7), ...status } });

describe('The words for restore drills', () => {
  it('say before one what it costs, and what the last one proved', () => {
    const snapshot = { id: '100', createdAt: '2026-01-03T21:00:00Z' };
    const lines = drillOfferLines({ droplet: web({ verifiedRestore }), snapshot, monthlyPrice: 6, now: NOW });
    expect(lines).to.deep.equal([
      'The newest snapshot of shop-web1 is 100, which is 5 h 0 min old.',
      'A server is made from it beside the fleet (s-1vcpu-1gb in nyc3, for $0.009 an hour), which reaches nobody; it is destroyed when it was looked at, after 20 minutes at most.',
      'The last one that passed: snapshot 99 verified 3 d 1 h ago: restored in 48 s.',
    ]);
  });

  it('follow it with how long each step took since its server was asked for', () => {
    const times = {
      launchedAt: '2026-01-01T00:00:00Z',
      activeAt: '2026-01-01T00:00:31Z',
      connectedAt: '2026-01-01T00:00:37Z',
      answeredAt: '2026-01-01T00:00:48Z',
    };
    const drill = { request: 'one', startedAt: '2026-01-01T00:00:00Z', serverID: 9, ...times } as const;
    expect([
      drillProgress({ ...drill, step: 'Connecting', message: 'connection refused' }),
      drillProgress({ ...drill, step: 'Checking' }),
      drillProgress({ ...drill, step: 'Removing', result: 'Passed', message: 'well' }),
      drillProgress({ ...drill, step: 'Removing', result: 'Failed', message: 'it did not boot' }),
    ]).to.deep.equal([
      'droplet 9 is active after 31 s; waiting for SSH (connection refused)',
      'SSH answered after 37 s; looking at its engine and services',
      'its services answered after 48 s; destroying droplet 9',
      'it did not boot; destroying droplet 9',
    ]);
  });

  it('say of a fleet what goes on, what failed last, and what was proved', () => {
    const drill = { request: 'one', startedAt: '2026-01-04T01:00:00Z' } as const;
    const failed = { ...drill, step: 'Done', result: 'Failed', message: 'it did not boot' } as const;
    expect(drillLines([web()], NOW)).to.deep.equal([]);
    expect(
      drillLines(
        [web({ drill: { ...drill, step: 'Preparing' } }), web({ drill: failed, verifiedRestore })],
        NOW,
      ),
    ).to.deep.equal([
      'shop-web1: restore drill: making the firewall',
      'shop-web1: restore drill failed 1 h 0 min ago: it did not boot',
      'shop-web1: snapshot 99 verified 3 d 1 h ago: restored in 48 s',
    ]);
  });
});
