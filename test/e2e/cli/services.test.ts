import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import { systemClock } from '../../../clients/clock.ts';
import { createKubernetesClient } from '../../../clients/kubernetes/http-client.ts';
import { SERVICE_DEPLOYMENTS } from '../../../clients/kubernetes/kinds.ts';
import { loadConnection } from '../../../clients/kubernetes/kubeconfig.ts';
import type { ServicesReport } from '../../../cli/show/services-table.ts';
import { startStandalone } from '../../../standalone/server.ts';
import { aCondition, aServiceDeployment, activeStatus } from '../../builders/objects.ts';
import { openWorkplace, runDropfleet, type Workplace } from '../../environment/dropfleet.ts';
import { writeDroplets } from './known-droplets.ts';

const CANARY = 'canary-5e1d07';

describe('dropfleet services', () => {
  let place: Workplace;

  async function writeServices(): Promise<void> {
    const api = await startStandalone({
      stateDir: place.path('.dropfleet', 'digitalocean', 'kubernetes'),
      port: 0,
    });
    const connection = await loadConnection({ kubeconfig: api.kubeconfig, env: {} });
    const client = createKubernetesClient(connection, { clock: systemClock, callTimeoutMs: 60_000 });
    const make = async (...args: Parameters<typeof aServiceDeployment>): Promise<void> => {
      const { metadata, status, ...service } = aServiceDeployment(...args);
      const { name, namespace, labels } = metadata;
      const created = { ...service, metadata: { name, namespace: namespace!, labels: labels! } };
      await client.create(SERVICE_DEPLOYMENTS, created);
      const options = { subresource: 'status' } as const;
      await client.patch(SERVICE_DEPLOYMENTS, `${namespace}/${name}`, { status }, options);
    };
    await make(
      'shop-prod-api',
      { 'shop-web1': '10.0.0.2:18001' },
      {
        spec: { version: 'v1', secrets: ['DB_PASSWORD', 'MISSING'], domains: ['shop.example'] },
        status: { port: 8001, observedGeneration: 1, conditions: [aCondition('Ready', 'True')] },
      },
    );
    await make('shop-uat-api', {}, { spec: { version: 'v2' } });
    await client.close();
    await api.close();
  }

  before(async () => {
    place = await openWorkplace(['shop,2,,'], { DO_TOKEN: 'a-token', SHOP_DB_PASSWORD: CANARY });
    await writeFile(place.path('.env'), '');
    await writeDroplets(place, {
      'shop-master': activeStatus(1, { publicAddress: '203.0.113.1', privateAddress: '10.0.0.1' }),
      'shop-web1': activeStatus(2, { privateAddress: '10.0.0.2' }),
    });
    await writeServices();
  });
  after(() => place.remove());

  it('shows where each answers, how it is, and where its secrets come from', async () => {
    const { stdout, stderr, code } = await runDropfleet(place, 'services', 'shop');
    expect(stdout.split('\n')).to.deep.equal([
      'SERVICE      TYPE  VERSION  STATE    ADDRESS',
      'prod/api     web   v1       Ready    http://203.0.113.1/shop/prod/api/, http://shop.example/, 10.0.0.1:8001',
      '  shop-web1                 in       10.0.0.2:18001',
      'uat/api      web   -> v2    Pending  http://203.0.113.1/shop/uat/api/',
      'uat/api: not looked at yet',
      '',
      'SERVICE   SECRET       FROM',
      'prod/api  DB_PASSWORD  SHOP_DB_PASSWORD in the environment',
      'prod/api  MISSING      missing',
      '',
    ]);
    expect({ stderr, code }).to.deep.equal({ stderr: '', code: 0 });
  });

  it('shows one environment alone, and the same to a program, without a value', async () => {
    const { stdout } = await runDropfleet(place, 'services', 'shop', 'prod', '--output', 'json');
    expect(stdout).to.not.include(CANARY);
    const { project, services } = JSON.parse(stdout) as ServicesReport;
    expect(project).to.equal('shop');
    expect(services.map(({ name }) => name)).to.deep.equal(['shop-prod-api']);
    expect(services[0]).to.include({ version: 'v1', ready: true, privateAddress: '10.0.0.1:8001' });
    expect(services[0]!.secrets.map(({ name, from }) => [name, from?.source ?? null])).to.deep.equal([
      ['DB_PASSWORD', 'environment'],
      ['MISSING', null],
    ]);
  });

  it('says what there is instead of what is not there', async () => {
    const unknown = await runDropfleet(place, 'services', 'shopp');
    expect([unknown.stderr, unknown.code]).to.deep.equal([
      'dropfleet: there is no project shopp; did you mean "shop"?\n',
      1,
    ]);
    const empty = await runDropfleet(place, 'services', 'shop', 'test');
    expect(empty.stderr).to.equal(
      'dropfleet: project shop has no services in test yet: they come with its first deploy\n',
    );
  });
});
