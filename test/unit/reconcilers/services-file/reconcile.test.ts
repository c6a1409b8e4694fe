import { expect } from 'chai';
import { Registry } from 'prom-client';
import { refused } from '../../../../clients/kubernetes/errors.ts';
import { PROJECTS, SERVICE_DEPLOYMENTS } from '../../../../clients/kubernetes/kinds.ts';
import type { DeploymentConfig } from '../../../../config/deployment-config.ts';
import type { Problem } from '../../../../config/problems.ts';
import { registerIn } from '../../../../controllers/metrics.ts';
import type { KubernetesObject } from '../../../../crds/meta.ts';
import { CONFIRM_ANNOTATION } from '../../../../crds/names.ts';
import { isStalled, isWaiting } from '../../../../reconcilers/outcome.ts';
import { SERVICES_FILE } from '../../../../reconcilers/services-file/concern.ts';
import { createServicesFileReconciler } from '../../../../reconcilers/services-file/reconcile.ts';
import { renderService, type ConfiguredService } from '../../../../reconcilers/services-file/render.ts';
import { aProject } from '../../../builders/objects.ts';
import { rejection } from '../../../fakes/rejection.ts';
import { createRig } from '../reconcile-rig.ts';

const { settleMs, lossSettleMs } = SERVICES_FILE.timings;
const path = 'config/deployment_config.json';

const a = (service: string, more: Partial<ConfiguredService> = {}): ConfiguredService => ({
  project: 'shop',
  service,
  type: 'web',
  ...more,
});
const inProd = (service: ConfiguredService): KubernetesObject =>
  renderService(service, { namespace: 'default', environment: 'prod', platform: 'docker' });
const database = a('database', { type: 'infra', image: 'postgres:17' });

function start(seeds: readonly KubernetesObject[] = []) {
  const rig = createRig([aProject('shop'), ...seeds]);
  const registry = new Registry();
  let content: { config?: DeploymentConfig; problems: Problem[] } = { problems: [] };
  const file = { path, read: async () => content };
  const metrics = registerIn(registry)(SERVICES_FILE.metrics);
  const context = { ...rig.context, timings: SERVICES_FILE.timings, metrics };
  const reconcile = createServicesFileReconciler(context, file);
  const services = (): string[] =>
    rig.client.storedAll(SERVICE_DEPLOYMENTS).map(({ metadata }) => metadata.name);
  return {
    ...rig,
    services,
    valid: async () => /^dropfleet_deployment_config_valid (\d)$/m.exec(await registry.metrics())?.[1],
    reconcile: () => reconcile(rig.run),
    write: (...services: ConfiguredService[]) =>
      void (content = { config: { platform: 'docker', services }, problems: [] }),
    misspell: (message: string) => void (content = { problems: [{ file: path, line: 3, message }] }),
    remove: () => void (content = { problems: [] }),
  };
}

/** What is there once the file has lain still. */
async function settled({ reconcile, clock }: ReturnType<typeof start>): Promise<void> {
  expect(isWaiting(await rejection(reconcile()))).to.equal(true);
  await clock.advance(lossSettleMs);
  await reconcile();
}

describe('Reconciling deployment_config.json', () => {
  it('brings up the infra of prod, and writes nothing when all is as it says', async () => {
    const { client, reconcile, services, write, valid } = start();
    write(database, a('website'));
    await reconcile();
    expect(services()).to.deep.equal(['shop-prod-database']);
    const writes = client.writes().length;
    expect(await reconcile()).to.equal(undefined);
    expect(client.writes()).to.have.length(writes);
    expect(await valid()).to.equal('1');
  });

  it('puts back what was edited by hand, and leaves alone what was released', async () => {
    const { client, reconcile, write } = start([inProd(a('website'))]);
    write(a('website'));
    const spec = { memory: '64m', version: 'v1.0.0', stopped: true };
    await client.patch(SERVICE_DEPLOYMENTS, 'default/shop-prod-website', { spec });
    await reconcile();
    const after = client.storedAll(SERVICE_DEPLOYMENTS)[0]!.spec;
    expect(after).to.include({ version: 'v1.0.0', stopped: true }).and.not.have.property('memory');
  });

  it('believes that a service is gone only when the file has lain still for long', async () => {
    const rig = start([inProd(a('website')), inProd(a('api'))]);
    rig.write(a('api', { memory: '1g' }));
    expect(isWaiting(await rejection(rig.reconcile()))).to.equal(true);
    // What takes nothing away does not wait.
    const api = rig.client.storedAll(SERVICE_DEPLOYMENTS).find(({ spec }) => spec.service === 'api');
    expect(api!.spec.memory).to.equal('1g');
    await rig.clock.advance(lossSettleMs - 1);
    expect(isWaiting(await rejection(rig.reconcile()))).to.equal(true);
    await rig.clock.advance(1);
    await rig.reconcile();
    expect(rig.services()).to.deep.equal(['shop-prod-api']);
  });

  it('begins to wait again with every change of the file', async () => {
    const { clock, reconcile, services, write } = start([inProd(a('website'))]);
    write(a('api'));
    await rejection(reconcile());
    await clock.advance(lossSettleMs - 1);
    write(a('api'), a('other'));
    await rejection(reconcile());
    await clock.advance(lossSettleMs - 1);
    expect(isWaiting(await rejection(reconcile()))).to.equal(true);
    expect(services()).to.deep.equal(['shop-prod-website']);
  });

  it('holds the end of several services until a person confirms just that', async () => {
    const rig = start([inProd(a('website')), inProd(a('api')), inProd(a('docs'))]);
    rig.write(a('docs'));
    await settled(rig);
    expect(rig.services()).to.have.length(3);
    expect(rig.events).to.deep.equal(['SeveralServicesRemoved shop']);
    const [hold] = rig.context.gate.holds();
    expect(hold!.effects).to.equal('remove 2 services of shop: shop-prod-website, shop-prod-api');
    await rig.reconcile();
    expect(rig.services()).to.have.length(3);
    const annotations = { [CONFIRM_ANNOTATION]: hold!.confirmation };
    await rig.client.patch(PROJECTS, 'default/shop', { metadata: { annotations } });
    await rig.reconcile();
    expect(rig.services()).to.deep.equal(['shop-prod-docs']);
    expect(rig.context.gate.holds()).to.deep.equal([]);
  });

  it('holds no more what the file has again', async () => {
    const rig = start([inProd(a('website'))]);
    rig.write();
    await settled(rig);
    expect(rig.context.gate.holds()).to.have.length(1);
    rig.write(a('website'));
    await rig.reconcile();
    expect(rig.context.gate.holds()).to.deep.equal([]);
    expect(rig.services()).to.deep.equal(['shop-prod-website']);
  });

  it('changes nothing for a file with mistakes, and says so once it lies still, and once', async () => {
    const { client, clock, events, reconcile, misspell, valid } = start([inProd(a('website'))]);
    misspell('this is not JSON: comma expected');
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: settleMs });
    expect(await valid()).to.equal(undefined);
    await clock.advance(settleMs);
    const error = await rejection(reconcile());
    expect(isStalled(error) && error.message).to.equal(
      `no services changed:\n${path}:3: this is not JSON: comma expected`,
    );
    expect(await reconcile()).to.equal(undefined);
    expect(client.writes()).to.deep.equal([]);
    expect(events).to.deep.equal(['InvalidDeploymentConfig shop']);
    expect(await valid()).to.equal('0');
  });

  it('says that mistakes are mended when it had told of them, and only then', async () => {
    const { clock, log, reconcile, misspell, write, valid } = start();
    const warnings = () => log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
    misspell('a comma');
    await reconcile();
    write(a('website'));
    await reconcile();
    expect(warnings()).to.deep.equal([]);
    misspell('a comma');
    await reconcile();
    await clock.advance(settleMs);
    await rejection(reconcile());
    write(a('website'));
    await reconcile();
    expect(warnings()).to.deep.equal([`${path} is valid again; services follow it`]);
    expect(await valid()).to.equal('1');
  });

  it('is no news where it is missing and nothing came from it, and else stops nothing', async () => {
    const without = start();
    without.remove();
    expect(await without.reconcile()).to.equal(undefined);
    expect(await without.valid()).to.equal(undefined);
    const { clock, reconcile, remove, services } = start([inProd(a('website'))]);
    remove();
    await reconcile();
    await clock.advance(settleMs);
    const error = await rejection(reconcile());
    expect(isStalled(error) && error.message).to.contain('there is no such file');
    expect(services()).to.deep.equal(['shop-prod-website']);
  });

  it('says once of a service that was applied by hand that it is left alone', async () => {
    const byHand = inProd(a('website', { memory: '1g' }));
    const { client, log, reconcile, write } = start([
      { ...byHand, metadata: { ...byHand.metadata, labels: {} } },
    ]);
    write(a('website'));
    await reconcile();
    await reconcile();
    expect(client.writes()).to.deep.equal([]);
    expect(log.lines.filter(({ message }) => message.includes('applied by hand'))).to.have.length(1);
  });

  it('plans again what met a newer object, and does the rest meanwhile', async () => {
    const { client, reconcile, write } = start([inProd(a('website')), inProd(a('api'))]);
    const memory = () => client.storedAll(SERVICE_DEPLOYMENTS).map(({ spec }) => spec.memory);
    write(a('website', { memory: '1g' }), a('api', { memory: '1g' }));
    client.failNext('patch', refused({ method: 'PATCH', path: '/' }, 409, { reason: 'Conflict' }));
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: 50 });
    expect(memory()).to.deep.equal([undefined, '1g']);
    expect(await reconcile()).to.equal(undefined);
    expect(memory()).to.deep.equal(['1g', '1g']);
  });

  it('fails loudly where the API refuses, and does the rest all the same', async () => {
    const { client, reconcile, services, write } = start();
    write(database, a('cache', { type: 'infra', image: 'valkey/valkey:8' }));
    client.failNext('create', refused({ method: 'POST', path: '/' }, 403, { reason: 'Forbidden' }));
    expect(await rejection(reconcile())).to.have.property('code', 403);
    expect(services()).to.deep.equal(['shop-prod-cache']);
  });
});
