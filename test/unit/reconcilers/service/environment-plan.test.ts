import { expect } from 'chai';
import { SecretText } from '../../../../config/secret-text.ts';
import type { ServiceDeployment } from '../../../../crds/service-deployment.ts';
import { environmentFor, type EnvironmentParts } from '../../../../reconcilers/service/environment-plan.ts';
import { portFor } from '../../../../reconcilers/service/port-plan.ts';
import { aServiceDeployment } from '../../../builders/objects.ts';

const aService = (
  name: string,
  spec: Partial<ServiceDeployment['spec']> = {},
  port?: number,
): ServiceDeployment =>
  aServiceDeployment(name, {}, { spec, ...(port !== undefined && { status: { port } }) });

/** The environment with values that can be compared. */
const environmentOf = (
  service: ServiceDeployment,
  others: readonly ServiceDeployment[] = [],
  parts: Partial<EnvironmentParts> = {},
): Record<string, string> =>
  Object.fromEntries(
    environmentFor({
      service,
      others,
      masterAddress: '10.0.0.2',
      secrets: [],
      version: 'v1',
      containerPort: 8080,
      ...parts,
    }).map(([name, value]) => [name, typeof value === 'string' ? value : `secret ${value.reveal()}`]),
  );

/** Without what every container gets. */
const discoveredBy = (service: ServiceDeployment, others: readonly ServiceDeployment[]) =>
  Object.fromEntries(
    Object.entries(environmentOf(service, others)).filter(([name]) => !/^(PORT|DROPFLEET_.*)$/.test(name)),
  );

describe('The environment of a container', () => {
  it('says which service it is, of which version, and where to listen', () => {
    expect(environmentOf(aService('shop-uat-api'))).to.deep.equal({
      PORT: '8080',
      DROPFLEET_PROJECT: 'shop',
      DROPFLEET_ENVIRONMENT: 'uat',
      DROPFLEET_SERVICE: 'api',
      DROPFLEET_VERSION: 'v1',
    });
  });

  it('is without port and version where there is none', () => {
    const environment = environmentOf(aService('shop-uat-mailer', { type: 'worker' }), [], {
      version: undefined,
      containerPort: undefined,
    });
    expect(environment).to.have.keys('DROPFLEET_PROJECT', 'DROPFLEET_ENVIRONMENT', 'DROPFLEET_SERVICE');
  });

  it('is in the order of names, whatever the order of what it is made from', () => {
    const others = [aService('shop-uat-b', {}, 8_001), aService('shop-uat-a', {}, 8_002)];
    const names = (list: ServiceDeployment[]) => Object.keys(environmentOf(aService('shop-uat-api'), list));
    expect(names(others)).to.deep.equal(names(others.toReversed()));
    expect(names(others)).to.deep.equal(names(others).toSorted());
  });

  it('has a variable of its own before a secret, a secret before what is found, and DROPFLEET_* before all', () => {
    const variables = { PORT: '3000', BOTH: 'variable', DROPFLEET_SERVICE: 'other', DATABASE_PORT: '1' };
    const service = aService('shop-uat-api', { variables });
    const database = aService('shop-uat-database', { type: 'infra' }, 7_001);
    const secrets = ['BOTH', 'DATABASE_HOST'].map(
      name => [name, new SecretText(`value of ${name}`)] as const,
    );
    expect(environmentOf(service, [database], { secrets })).to.include({
      PORT: '3000',
      BOTH: 'variable',
      DATABASE_HOST: 'secret value of DATABASE_HOST',
      DATABASE_PORT: '1',
      DROPFLEET_SERVICE: 'api',
    });
  });

  it('shows no secret when it is printed', () => {
    const environment = environmentFor({
      service: aService('shop-uat-api'),
      others: [],
      masterAddress: '10.0.0.2',
      secrets: [['TOKEN', new SecretText('canary')]],
      version: 'v1',
      containerPort: 1,
    });
    expect(JSON.stringify(environment)).to.include('TOKEN').and.not.include('canary');
  });
});

describe('What a service is told of the others', () => {
  it('is the address of every other web and infra service of its environment, with dashes as underscores', () => {
    const others = [
      aService('shop-uat-api', {}, 8_001),
      aService('shop-uat-order-api', {}, 8_002),
      aService('shop-uat-cache', { type: 'infra' }, 7_001),
      aService('shop-uat-mailer', { type: 'worker' }),
      aService('shop-prod-search', { type: 'infra' }, 7_002),
      aService('blog-uat-web', {}, 8_003),
    ];
    expect(discoveredBy(others[0]!, others)).to.deep.equal({
      ORDER_API_HOST: '10.0.0.2',
      ORDER_API_PORT: '8002',
      CACHE_HOST: '10.0.0.2',
      CACHE_PORT: '7001',
    });
  });

  it('is the same before and after the other was given its port', () => {
    const [api, web] = [aService('shop-uat-api'), aService('shop-uat-web')];
    const given = aService('shop-uat-web', {}, portFor(web, [api]));
    expect(discoveredBy(api, [web])).to.deep.equal(discoveredBy(api, [given]));
  });

  it("is prod's infra in every environment when that is shared, unless the environment has one of its own", () => {
    const shared = aService('shop-prod-database', { type: 'infra', shared: true }, 7_001);
    const api = aService('shop-uat-api');
    expect(discoveredBy(api, [shared])).to.deep.equal({ DATABASE_HOST: '10.0.0.2', DATABASE_PORT: '7001' });
    const own = aService('shop-uat-database', { type: 'infra' }, 7_002);
    expect(discoveredBy(api, [shared, own])['DATABASE_PORT']).to.equal('7002');
    const ownShared = aService('shop-uat-database', { type: 'infra', shared: true }, 7_002);
    expect(discoveredBy(api, [shared, ownShared])['DATABASE_PORT']).to.equal('7001');
  });

  it('is no infra of uat in prod, shared or not', () => {
    const shared = aService('shop-uat-database', { type: 'infra', shared: true }, 7_001);
    expect(discoveredBy(aService('shop-prod-api'), [shared])).to.deep.equal({});
  });
});
