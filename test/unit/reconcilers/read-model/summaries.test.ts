import { expect } from 'chai';
import { formatDollars, monthlyCost } from '../../../../reconcilers/read-model/cost.ts';
import { summarizeFleet } from '../../../../reconcilers/read-model/fleet-summary.ts';
import { infrastructureOf } from '../../../../reconcilers/read-model/infrastructure.ts';
import {
  aCondition,
  aDroplet,
  aProject,
  aServiceDeployment,
  activeDroplets,
  activeStatus,
} from '../../../builders/objects.ts';

const PRICES = new Map([
  ['s-1vcpu-1gb', 6],
  ['s-1vcpu-2gb', 12],
]);
const readyStatus = { observedGeneration: 1, conditions: [aCondition('Ready', 'True', 'AllReady')] };

describe('The cost of droplets', () => {
  it('is by the size that the server has, not by the one that it is to have', () => {
    const resizing = aDroplet('shop-web1', { spec: { size: 's-1vcpu-2gb' }, status: activeStatus(1) });
    expect(monthlyCost([resizing], PRICES)).to.equal(6);
    expect(monthlyCost([aDroplet('shop-web1', { spec: { size: 's-1vcpu-2gb' } })], PRICES)).to.equal(12);
  });

  it('is not known while one price is not, rather than too low', () => {
    const unknown = aDroplet('shop-web1', { spec: { size: 'new' } });
    expect(monthlyCost([...activeDroplets('shop', 1), unknown], PRICES)).to.equal(undefined);
  });

  it('is written in dollars and cents', () => expect(formatDollars(1234.5)).to.equal('$1,234.50'));
});

describe('The summary of the fleet', () => {
  it('has web10 after web9, and the master first', () => {
    const droplets = activeDroplets('shop', 11).toReversed();
    const { projects } = summarizeFleet([aProject('shop')], droplets, PRICES);
    const names = projects[0]!.droplets.map(({ name }) => name);
    expect([names[0], ...names.slice(-2)]).to.deep.equal(['shop-master', 'shop-web9', 'shop-web10']);
  });

  it('does not call a Project Ready whose status is of an older spec', () => {
    const project = aProject('shop', { metadata: { generation: 2 }, status: readyStatus });
    const { ready, projects } = summarizeFleet([project], activeDroplets('shop', 1), PRICES);
    expect(ready).to.equal(false);
    expect(projects[0]!.message).to.equal('not looked at yet');
  });

  it('keeps Projects of one name in two namespaces apart', () => {
    const elsewhere = aProject('shop', { metadata: { namespace: 'other' } });
    const { projects, strays } = summarizeFleet([elsewhere], activeDroplets('shop', 1), PRICES);
    expect(projects[0]!.droplets).to.deep.equal([]);
    expect(strays.map(({ name }) => name)).to.deep.equal(['shop-master']);
  });

  it('is not Ready while a droplet without a Project is left', () => {
    expect(summarizeFleet([], activeDroplets('shop', 1), PRICES).ready).to.equal(false);
  });
});

describe('infrastructure.json', () => {
  it('has null for what a server does not have yet, in the order of the names', () => {
    const content = infrastructureOf([aProject('shop')], [aDroplet('shop-web10'), aDroplet('shop-web9')], []);
    expect(Object.keys(content.droplets)).to.deep.equal(['shop-web9', 'shop-web10']);
    expect(content.droplets['shop-web9']).to.deep.equal({
      ip: null,
      private_ip: null,
      role: 'web',
      project: 'shop',
      size: 's-1vcpu-1gb',
      region: 'nyc3',
      droplet_id: null,
      ready: false,
    });
    expect(content).not.to.have.property('strays');
  });

  it('has what is of no project apart, and what a project of the same name has in another namespace', () => {
    const twin = { namespace: 'team-b', creationTimestamp: '2026-01-01T00:00:01Z' };
    const projects = [
      aProject('shop', { metadata: twin }),
      aProject('shop', { metadata: { creationTimestamp: '2026-01-01T00:00:00Z' } }),
    ];
    const [own, other] = ['198.51.100.1', '198.51.100.2'].map((publicAddress, i) =>
      aDroplet('shop-master', {
        status: { server: { publicAddress } },
        metadata: { namespace: i === 0 ? 'default' : 'team-b' },
      }),
    );
    const services = ['default', 'team-b'].map(namespace =>
      aServiceDeployment('shop-prod-site', {}, { metadata: { namespace }, status: { version: namespace } }),
    );
    const content = infrastructureOf(projects, [own!, other!, aDroplet('gone-master')], services);
    expect(content.droplets).to.have.all.keys('shop-master');
    expect(content.droplets['shop-master']!.ip).to.equal('198.51.100.1');
    expect(content.strays).to.have.all.keys('default/gone-master', 'team-b/shop-master');
    expect(content.projects['shop-prod']!['site']!.version).to.equal('default');
  });
});
