import { expect } from 'chai';
import type { Droplet } from '../../../../crds/droplet.ts';
import type { Condition } from '../../../../crds/meta.ts';
import { balancingOf, isBalancer } from '../../../../reconcilers/read-model/balancing.ts';
import { aServer } from '../../../builders/load-balancer.ts';
import { aCondition, aProject, aServiceDeployment, activeStatus } from '../../../builders/objects.ts';

const two = aServiceDeployment('shop-prod-site', {
  'shop-web1': '10.0.0.3:8123',
  'shop-web2': '10.0.0.4:8123',
});
const web1 = aServer('shop-web1', '10.0.0.3');
const web2 = (parts: Parameters<typeof aServer>[2]): Droplet => aServer('shop-web2', '10.0.0.4', parts);
const UNWELL = 'droplet unhealthy, or was a moment ago';
const GONE = 'droplet not running, or stopping';
const unhealthy = { status: { conditions: [aCondition('Healthy', 'False')] } };

/** `droplet state reason`, for each server of the first service. */
const servers = (
  droplets: Droplet[],
  ...rest: [isDamped?: (droplet: Droplet) => boolean, isMoving?: boolean]
): string[] =>
  balancingOf('shop', droplets, [two], ...rest).services[0]!.servers.map(({ droplet, state, reason }) =>
    [droplet, state, reason].filter(Boolean).join(' '),
  );

describe('Who balances what', () => {
  it('are the web services of the project, by environment and name', () => {
    const services = [
      aServiceDeployment('shop-uat-site'),
      aServiceDeployment('shop-prod-site'),
      aServiceDeployment('shop-prod-api'),
      aServiceDeployment('shop-prod-mailer', {}, { spec: { type: 'worker' } }),
      aServiceDeployment('shop-prod-database', {}, { spec: { type: 'infra' } }),
      aServiceDeployment('blog-prod-site'),
    ];
    expect(balancingOf('shop', [], services).services.map(({ name }) => name)).to.deep.equal([
      'shop-prod-api',
      'shop-prod-site',
      'shop-uat-site',
    ]);
  });

  it('lets every server in that runs where its endpoint says', () => {
    expect(servers([web2({}), web1])).to.deep.equal(['shop-web1 in', 'shop-web2 in']);
  });

  it('takes a server out whose droplet is gone, leaving, stopped, or somewhere else', () => {
    const out = (...droplets: Droplet[]): string => servers([web1, ...droplets])[1]!;
    const draining = web2({ status: { phase: 'Draining' } });
    for (const droplets of [[], [draining], [web2({ status: { phase: 'Resizing' } })]])
      expect(out(...droplets), 'other words would cost a reload').to.equal(`shop-web2 out ${GONE}`);
    expect(out(aServer('shop-web2', '10.0.0.9'))).to.match(/out .*address is 10\.0\.0\.9$/);
  });

  it('keeps webs in that go, while their services move to the master and nothing else is left', () => {
    const metadata = { deletionTimestamp: '2026-01-01T00:00:00Z' };
    const leaving = (name: string, address: string): Droplet =>
      aServer(name, address, { metadata, status: { phase: 'Draining' } });
    const webs = [leaving('shop-web1', '10.0.0.3'), leaving('shop-web2', '10.0.0.4')];
    const moving = (...droplets: Droplet[]): string[] => servers(droplets, () => false, true);
    expect(moving(...webs)).to.deep.equal(['shop-web1 in', 'shop-web2 in']);
    expect(moving(web1, webs[1]!), 'one that stays is left').to.deep.equal([
      'shop-web1 in',
      `shop-web2 out ${GONE}`,
    ]);
    expect(servers(webs), 'nothing would come after them').to.deep.equal([
      `shop-web1 out ${GONE}`,
      `shop-web2 out ${GONE}`,
    ]);
    const stopped = web2({ status: { phase: 'Draining' } });
    expect(moving(stopped), 'one that is to be resized').to.deep.equal([
      `shop-web1 out ${GONE}`,
      `shop-web2 out ${GONE}`,
    ]);
  });

  it('keeps a server in whose deletion is held', () => {
    const deleted = web2({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    expect(servers([web1, deleted])).to.deep.equal(['shop-web1 in', 'shop-web2 in']);
  });

  it('takes a server out whose droplet is not healthy', () => {
    expect(servers([web1, web2(unhealthy)])).to.deep.equal(['shop-web1 in', `shop-web2 out ${UNWELL}`]);
  });

  it('keeps a server out while its health flaps', () => {
    expect(servers([web1, web2({})], ({ metadata }) => metadata.name === 'shop-web2')).to.deep.equal([
      'shop-web1 in',
      `shop-web2 out ${UNWELL}`,
    ]);
  });

  it('takes a server out that the master cannot reach, but never the last one', () => {
    const suspected = { status: { suspectedBy: ['shop-master'] } };
    const sick = (parts: typeof suspected): Droplet => aServer('shop-web1', '10.0.0.3', parts);
    expect(servers([web1, web2(suspected)])).to.deep.equal(['shop-web1 in', `shop-web2 out ${UNWELL}`]);
    expect(servers([sick(suspected), web2(suspected)])).to.deep.equal([
      `shop-web1 in ${UNWELL}`,
      `shop-web2 in ${UNWELL}`,
    ]);
    expect(servers([sick(suspected), web2(unhealthy)]), 'a quorum weighs more').to.deep.equal([
      `shop-web1 in ${UNWELL}`,
      `shop-web2 out ${UNWELL}`,
    ]);
  });

  it('leaves a server in that others than the master cannot reach', () => {
    const suspected = web2({ status: { suspectedBy: ['shop-web1', 'witness'] } });
    expect(servers([web1, suspected])).to.deep.equal(['shop-web1 in', 'shop-web2 in']);
  });

  it('doubts the check when it speaks against every server that is left', () => {
    const sick = aServer('shop-web1', '10.0.0.3', unhealthy);
    const all = [`shop-web1 in ${UNWELL}`, `shop-web2 in ${UNWELL}`];
    expect(servers([sick, web2(unhealthy)])).to.deep.equal(all);
    expect(servers([sick])).to.deep.equal([all[0], `shop-web2 out ${GONE}`]);
  });

  it('gives a host name to the first service that asks for it', () => {
    const domains = ['www.example.com'];
    const services = ['shop-uat-site', 'shop-prod-site'].map(name =>
      aServiceDeployment(name, {}, { spec: { domains } }),
    );
    expect(balancingOf('shop', [], services).services.map(service => service.domains)).to.deep.equal([
      domains,
      [],
    ]);
    expect(balancingOf('shop', [], services).services.map(service => service.takenDomains)).to.deep.equal([
      [],
      [{ domain: 'www.example.com', by: 'shop-prod-site' }],
    ]);
  });
});

describe('A master', () => {
  const status = {
    ...activeStatus(1),
    conditions: [aCondition('Provisioned', 'True'), aCondition('Configured', 'True')],
  };
  const master = (parts: Parameters<typeof aServer>[2] = {}): Droplet =>
    aServer('shop-master', '10.0.0.2', { status, ...parts });
  const having = (...conditions: Condition[]) => master({ status: { conditions } });
  const deletionTimestamp = '2026-01-01T00:00:00Z';

  it('balances when it runs and was configured, whatever became of that later', () => {
    expect(isBalancer(master(), aProject('shop'))).to.equal(true);
    expect(isBalancer(master(), undefined)).to.equal(true);
    const [up, failed] = [aCondition('Provisioned', 'True'), aCondition('Configured', 'False')];
    expect(isBalancer(having(up, failed, aCondition('LoadBalancerReady', 'False')), undefined)).to.equal(
      true,
    );
    expect(isBalancer(having(up, failed), undefined)).to.equal(false);
    expect(isBalancer(having(aCondition('Configured', 'True')), undefined)).to.equal(false);
  });

  it('does not while its project is suspended, nor when it or its project is deleted', () => {
    expect(isBalancer(master(), aProject('shop', { spec: { suspend: true } }))).to.equal(false);
    expect(isBalancer(master(), aProject('shop', { metadata: { deletionTimestamp } }))).to.equal(false);
    expect(isBalancer(master({ metadata: { deletionTimestamp } }), aProject('shop'))).to.equal(false);
  });

  it('is no web', () => {
    expect(isBalancer(aServer('shop-web1', '10.0.0.3', { status }), undefined)).to.equal(false);
  });
});
