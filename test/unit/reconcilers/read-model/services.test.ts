import { expect } from 'chai';
import type { ServiceDeployment } from '../../../../crds/service-deployment.ts';
import { summarizeServices } from '../../../../reconcilers/read-model/services.ts';
import {
  aCondition,
  aDroplet,
  aServiceDeployment,
  activeDroplets,
  activeStatus,
} from '../../../builders/objects.ts';

const master = aDroplet('shop-master', {
  status: activeStatus(1, { publicAddress: '203.0.113.1', privateAddress: '10.0.0.1' }),
});
const [web1, web2] = [2, 3].map(n =>
  aDroplet(`shop-web${n - 1}`, { status: activeStatus(n, { privateAddress: `10.0.0.${n}` }) }),
);
const droplets = [master, web1!, web2!];

const deployed = (name: string, parts: Parameters<typeof aServiceDeployment>[2] = {}): ServiceDeployment =>
  aServiceDeployment(
    name,
    { 'shop-web1': '10.0.0.2:18001', 'shop-web2': '10.0.0.9:18001' },
    {
      ...parts,
      spec: { version: 'v1', ...parts.spec },
      status: {
        port: 8001,
        observedGeneration: 1,
        conditions: [aCondition('Ready', 'True')],
        ...parts.status,
      },
    },
  );

const one = (service: ServiceDeployment) => summarizeServices([service], droplets)[0]!;

describe('The services of a fleet', () => {
  it('are told with where visitors and where other services reach them', () => {
    const { urls, privateAddress } = one(deployed('shop-prod-api', { spec: { domains: ['shop.example'] } }));
    expect(urls).to.deep.equal(['http://203.0.113.1/shop/prod/api/', 'http://shop.example/']);
    expect(privateAddress).to.equal('10.0.0.1:8001');
  });

  it('have no URL unless they are webs, and workers no address at all', () => {
    const [infra, worker] = (['infra', 'worker'] as const).map(type =>
      one(deployed('shop-prod-x', { spec: { type } })),
    );
    expect([infra!.urls, infra!.privateAddress]).to.deep.equal([[], '10.0.0.1:8001']);
    expect([worker!.urls, worker!.privateAddress]).to.deep.equal([[], undefined]);
  });

  it('are told with each server, and for a web whether the load balancer sends requests there', () => {
    expect(
      one(deployed('shop-prod-api')).servers.map(({ droplet, state }) => [droplet, state]),
    ).to.deep.equal([
      ['shop-web1', 'in'],
      ['shop-web2', 'out'],
    ]);
    const [, out] = one(deployed('shop-prod-api')).servers;
    expect(out!.reason).to.be.a('string');
    expect(one(deployed('shop-prod-mailer', { spec: { type: 'worker' } })).servers).to.deep.equal([
      { droplet: 'shop-web1', address: '10.0.0.2:18001' },
      { droplet: 'shop-web2', address: '10.0.0.9:18001' },
    ]);
  });

  it('name the version that should run only where it is another than runs', () => {
    expect(one(deployed('shop-prod-api')))
      .to.include({ version: 'v1' })
      .and.not.have.property('wanted');
    expect(one(deployed('shop-prod-api', { spec: { version: 'v2' } }))).to.include({
      version: 'v1',
      wanted: 'v2',
    });
  });

  it('are not Ready on the word of a condition about an earlier spec', () => {
    expect(one(deployed('shop-prod-api')).ready).to.equal(true);
    const edited = one(deployed('shop-prod-api', { metadata: { generation: 2 } }));
    expect(edited).to.include({ ready: false, reason: 'Pending', message: 'not looked at yet' });
  });

  it('come by project, then prod, uat and test, then by name, whatever the order in the cache', () => {
    const names = ['blog-prod-site', 'shop-prod-api', 'shop-prod-web', 'shop-uat-api', 'shop-test-api'];
    const services = names.map(name => aServiceDeployment(name));
    for (const some of [services, services.toReversed()])
      expect(summarizeServices(some, droplets).map(({ name }) => name)).to.deep.equal(names);
  });

  it("are not mixed with another project's droplets", () => {
    const service = aServiceDeployment('blog-prod-site', { 'shop-web1': '10.0.0.2:18001' });
    const [summary] = summarizeServices([service], [...droplets, ...activeDroplets('blog', 1, 9)]);
    expect(summary!.servers.map(({ state }) => state)).to.deep.equal(['out']);
    expect(summary!.urls).to.deep.equal(['http://203.0.113.9/blog/prod/site/']);
  });
});
