import { expect } from 'chai';
import { LEASES, type Lease } from '../../../../clients/kubernetes/kinds.ts';
import { HEALTH } from '../../../../reconcilers/health/concern.ts';
import type { Watchers } from '../../../../reconcilers/health/leases.ts';
import { createSweep } from '../../../../reconcilers/health/sweep.ts';
import { createTally } from '../../../../reconcilers/health/tally.ts';
import { voteLease } from '../../../../reconcilers/health/vote.ts';
import { vouchLease } from '../../../../reconcilers/health/vouch.ts';
import { heartbeatLease } from '../../../../reconcilers/monitor/heartbeat.ts';
import { activeStatus, aDroplet } from '../../../builders/objects.ts';
import { createRig, ownOf } from '../reconcile-rig.ts';

const MINUTE = 60_000;
const WEB = aDroplet('shop-web1', { status: activeStatus(2) });
const ABOUT = { target: 'default/shop-web1', project: 'shop', dropletID: 2 };

const vote = (observer = 'shop-master'): Lease =>
  voteLease({ ...ABOUT, observer, failingSince: 0, renewedAt: 0, flaps: 0 }, 'default', WEB);

function start(...leases: Lease[]) {
  const rig = createRig(leases);
  const { client, clock, context, run } = rig;
  const seen: { watchers: Watchers; changes: number; stale?: Lease[] } = { watchers: 'running', changes: 0 };
  const list = () => seen.stale ?? client.storedAll(LEASES);
  const sweep = createSweep(
    { ...context, ...ownOf(HEALTH) },
    {
      leases: { tally: createTally(clock), isVouchedFor: () => false, watchers: () => seen.watchers },
      stored: { list, get: key => client.stored(LEASES, key), byIndex: () => [] },
      watchersChanged: () => void seen.changes++,
    },
  );
  const names = (): string[] => client.storedAll(LEASES).map(({ metadata }) => metadata.name);
  return { client, clock, seen, names, sweep: () => sweep(run) };
}

describe('The sweep of votes', () => {
  it('removes a vote that it has seen unchanged for ten minutes, and not a moment before', async () => {
    const { clock, names, sweep } = start(vote());
    await sweep();
    await clock.advance(10 * MINUTE - 1);
    await sweep();
    expect(names()).to.deep.equal(['vote-2-shop-master']);
    await clock.advance(1);
    await sweep();
    expect(names()).to.deep.equal([]);
  });

  it('keeps a vote that is renewed, however old it is', async () => {
    const { client, clock, names, sweep } = start(vote(), vote('witness'));
    for (let passed = 0; passed < 30; passed += 5) {
      await sweep();
      const renewTime = `2026-01-01T00:00:${passed + 10}.000000Z`;
      await client.patch(LEASES, 'default/vote-2-witness', { spec: { renewTime } });
      await clock.advance(5 * MINUTE);
    }
    expect(names()).to.deep.equal(['vote-2-witness']);
  });

  it('removes no vote that was cast anew under the same name while its cache is behind', async () => {
    const { client, clock, seen, names, sweep } = start(vote());
    seen.stale = client.storedAll(LEASES);
    await sweep();
    await client.delete(LEASES, 'default/vote-2-shop-master');
    await client.create(LEASES, vote());
    await clock.advance(10 * MINUTE);
    await sweep().catch(() => undefined);
    expect(names()).to.deep.equal(['vote-2-shop-master']);
  });

  it('leaves every Lease alone that is no vote: heartbeats, vouches, and what others keep there', async () => {
    const word = { ...ABOUT, monitor: 'a', renewedAt: 0 };
    const beat = heartbeatLease(
      { name: 'a', pinned: undefined },
      { namespace: 'default', startedAt: 0, now: 0 },
    );
    const { clock, names, sweep } = start(beat, vouchLease(word, 'default', WEB), {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'vote-for-me', namespace: 'default' },
    });
    await sweep();
    await clock.advance(60 * MINUTE);
    await sweep();
    expect(names()).to.have.length(3);
  });

  it('says once that monitors came, and once that they are gone for good', async () => {
    const { seen, sweep } = start();
    seen.watchers = 'unknown';
    expect(await sweep()).to.deep.equal({ requeueAfterMs: 15_000 });
    expect(seen.changes).to.equal(0);
    for (const watchers of ['running', 'running', 'none', 'none'] as const) {
      seen.watchers = watchers;
      expect(await sweep()).to.deep.equal({ requeueAfterMs: HEALTH.timings.sweepMs });
    }
    expect(seen.changes).to.equal(2);
  });
});
