import { expect } from 'chai';
import type { Droplet } from '../../../../crds/droplet.ts';
import { balancingOf } from '../../../../reconcilers/read-model/balancing.ts';
import { aServer } from '../../../builders/load-balancer.ts';
import { aCondition, aServiceDeployment } from '../../../builders/objects.ts';

const two = aServiceDeployment('shop-prod-site', {
  'shop-web1': '10.0.0.3:8123',
  'shop-web2': '10.0.0.4:8123',
});
const web1 = aServer('shop-web1', '10.0.0.3');
const web2 = (parts: Parameters<typeof aServer>[2]): Droplet => aServer('shop-web2', '10.0.0.4', parts);
const UNWELL = 'the droplet is not healthy, or was not a moment ago';
const unhealthy = { status: { conditions: [aCondition('Healthy', 'False')] } };

/** `droplet state reason`, for each server of the first service. */
const servers = (droplets: Droplet[], ...rest: [isHeldOut?: (droplet: Droplet) => boolean]): string[] =>
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
    expect(out()).to.equal('shop-web2 out the droplet is not there');
    expect(out(web2({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }))).to.match(
      /out .*destroyed$/,
    );
    expect(out(web2({ status: { phase: 'Resizing' } }))).to.equal('shop-web2 out the droplet is resizing');
    expect(out(aServer('shop-web2', '10.0.0.9'))).to.match(/out .*address is 10\.0\.0\.9$/);
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

  it('doubts the check when it speaks against every server that is left', () => {
    const sick = aServer('shop-web1', '10.0.0.3', unhealthy);
    const all = [`shop-web1 in ${UNWELL}`, `shop-web2 in ${UNWELL}`];
    expect(servers([sick, web2(unhealthy)])).to.deep.equal(all);
    expect(servers([sick])).to.deep.equal([all[0], 'shop-web2 out the droplet is not there']);
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
  });
});
