import { expect } from 'chai';
import { Registry } from 'prom-client';
import { registerIn } from '../../../../controllers/metrics.ts';
import type { Droplet } from '../../../../crds/droplet.ts';
import type { Project } from '../../../../crds/project.ts';
import { PROJECT } from '../../../../reconcilers/project/concern.ts';
import { showFleet } from '../../../../reconcilers/project/fleet-gauges.ts';
import { summarizeFleet } from '../../../../reconcilers/read-model/fleet-summary.ts';
import { aDroplet, aProject } from '../../../builders/objects.ts';

/** A registry over a fleet that may change; `samples` are those of a metric, as they are scraped. */
function start() {
  const fleet: { projects: Project[]; droplets: Droplet[] } = { projects: [], droplets: [] };
  const registry = new Registry();
  const prices = new Map([['s-1vcpu-1gb', 6]]);
  const summary = () => summarizeFleet(fleet.projects, fleet.droplets, prices);
  showFleet(registerIn(registry)(PROJECT.metrics), summary);
  const samples = async (name: string): Promise<string[]> =>
    (await registry.getSingleMetricAsString(name)).split('\n').filter(line => !line.startsWith('#'));
  return { fleet, samples };
}

const shopIn = (namespace: string): Project => aProject('shop', { metadata: { namespace } });
const masterIn = (namespace: string): Droplet => aDroplet('shop-master', { metadata: { namespace } });

describe('The metrics of the fleet', () => {
  it('tell projects of one name in two namespaces apart', async () => {
    const { fleet, samples } = start();
    fleet.projects = [shopIn('team-a'), shopIn('team-b')];
    fleet.droplets = [masterIn('team-a')];
    expect(await samples('dropfleet_monthly_cost_dollars')).to.deep.equal([
      'dropfleet_monthly_cost_dollars{namespace="team-a",project="shop"} 6',
      'dropfleet_monthly_cost_dollars{namespace="team-b",project="shop"} 0',
    ]);
    expect(await samples('dropfleet_droplets')).to.deep.equal([
      'dropfleet_droplets{namespace="team-a",project="shop",role="master",phase="Pending"} 1',
    ]);
    expect(await samples('dropfleet_projects')).to.deep.equal([
      'dropfleet_projects{ready="true"} 0',
      'dropfleet_projects{ready="false"} 2',
    ]);
  });

  it('count the droplets of a project that are in one phase', async () => {
    const { fleet, samples } = start();
    fleet.droplets = ['shop-web1', 'shop-web2'].map(name => aDroplet(name));
    expect(await samples('dropfleet_droplets')).to.deep.equal([
      'dropfleet_droplets{namespace="default",project="shop",role="web",phase="Pending"} 2',
    ]);
  });

  it('say nothing any more of a project that is gone', async () => {
    const { fleet, samples } = start();
    fleet.projects = [shopIn('team-a')];
    fleet.droplets = [masterIn('team-a')];
    await samples('dropfleet_monthly_cost_dollars');
    await samples('dropfleet_droplets');
    fleet.projects = [];
    fleet.droplets = [];
    expect(await samples('dropfleet_monthly_cost_dollars')).to.deep.equal([]);
    expect(await samples('dropfleet_droplets')).to.deep.equal([]);
  });
});
