import { expect } from 'chai';
import { Registry } from 'prom-client';
import { registerIn } from '../../../../controllers/metrics.ts';
import { HEALTH } from '../../../../reconcilers/health/concern.ts';
import { showHealth } from '../../../../reconcilers/health/gauges.ts';
import type { Watchers } from '../../../../reconcilers/health/leases.ts';
import { createTally } from '../../../../reconcilers/health/tally.ts';
import { aCondition, aDroplet } from '../../../builders/objects.ts';
import { createRig } from '../reconcile-rig.ts';

const unwell = { ...aCondition('Healthy', 'False'), reason: 'Dead' };

function start() {
  const { context, clock } = createRig([
    aDroplet('shop-web1', { status: { conditions: [unwell] } }),
    aDroplet('shop-web2', { status: { conditions: [unwell] } }),
    aDroplet('shop-web3'),
  ]);
  const registry = new Registry();
  const tally = createTally(clock);
  const state = { watchers: 'running' as Watchers };
  const metrics = registerIn(registry)(HEALTH.metrics);
  showHealth({ ...context, metrics }, { tally, isVouchedFor: () => false, watchers: () => state.watchers });
  const samples = async (name: string): Promise<string[]> =>
    (await registry.getSingleMetricAsString(name)).split('\n').filter(line => !line.startsWith('#'));
  return { tally, state, samples };
}

describe('The metrics of health', () => {
  it('count Droplets by what is said of their health, and those of which nothing is said not at all', async () =>
    expect(await start().samples('dropfleet_droplets_health')).to.deep.equal([
      'dropfleet_droplets_health{namespace="default",project="shop",reason="Dead"} 2',
    ]));

  it('count all votes against the servers of a project', async () => {
    const { tally, samples } = start();
    const times = { failingSince: 0, renewedAt: 0, flaps: 0 };
    for (const [dropletID, observer] of [
      [2, 'shop-master'],
      [2, 'witness'],
      [3, 'witness'],
    ] as const)
      tally.saw({ target: 'default/shop-web1', project: 'shop', dropletID, observer, ...times }, false);
    expect(await samples('dropfleet_votes')).to.deep.equal(['dropfleet_votes{project="shop"} 3']);
  });

  it('say whether anybody watches, and nothing while that is not known', async () => {
    const { state, samples } = start();
    const seen: string[][] = [];
    for (state.watchers of ['unknown', 'running', 'none'] as const)
      seen.push(await samples('dropfleet_monitored'));
    expect(seen).to.deep.equal([[], ['dropfleet_monitored 1'], ['dropfleet_monitored 0']]);
  });
});
