import { expect } from 'chai';
import { DROPLETS, SERVICE_DEPLOYMENTS } from '../../../clients/kubernetes/kinds.ts';
import { host } from '../../../controllers/host.ts';
import { findCondition, setCondition } from '../../../crds/conditions.ts';
import type { Droplet } from '../../../crds/droplet.ts';
import type { ServiceDeployment } from '../../../crds/service-deployment.ts';
import {
  DROPLETS_BY_PROJECT,
  projectKeyOf,
  SERVICES_BY_PROJECT,
  type Context,
} from '../../../reconcilers/context.ts';
import { HOST } from '../../../reconcilers/host/concern.ts';
import { aCondition, activeStatus, aDroplet, aProject, aServiceDeployment } from '../../builders/objects.ts';
import type { FakeInformer } from '../../fakes/informer.ts';
import { aConfiguredMachine, fakeHosts, FIRST } from '../reconcilers/host/host-rig.ts';
import { createRig, ownOf } from '../reconcilers/reconcile-rig.ts';
import { startController } from './runtime/started-controller.ts';

/** The host controller at work on the masters of two projects that are as docker wants them. */
async function start() {
  const { ssh, hosts } = fakeHosts();
  const plugIn = (...ids: number[]): void => {
    for (const id of ids) ssh.machines.set(activeStatus(id).server!.publicAddress!, aConfiguredMachine());
  };
  plugIn(7, 8);
  const master = (project: string, id: number): Droplet => {
    const status = { ...activeStatus(id), host: { serverID: id, keyFingerprint: FIRST } };
    return aDroplet(`${project}-master`, { status });
  };
  const shared = createRig([]);
  const context: Context = {
    ...shared.context,
    hosts,
    get kubernetes() {
      return world.client;
    },
    get droplets() {
      return world.informer(DROPLETS) as unknown as FakeInformer<Droplet>;
    },
    get services() {
      return world.informer(SERVICE_DEPLOYMENTS) as unknown as FakeInformer<ServiceDeployment>;
    },
  };
  const parts = host.setup({
    context: Object.assign(context, ownOf(HOST)),
    options: {},
    informers: { of: () => expect.fail('it needs no more informers') },
    log: shared.log,
  });
  const world = await startController([], parts.controllers![0]!);
  world.informer(DROPLETS).addIndex(DROPLETS_BY_PROJECT, one => [projectKeyOf(one as Droplet)]);
  world
    .informer(SERVICE_DEPLOYMENTS)
    .addIndex(SERVICES_BY_PROJECT, one => [projectKeyOf(one as ServiceDeployment)]);
  const objects = [aProject('shop'), aProject('blog'), master('shop', 7), master('blog', 8)];
  for (const object of objects) world.client.seed(object);
  await world.settle();
  const stored = (name: string): Droplet => world.client.stored<Droplet>(DROPLETS, `default/${name}`)!;
  const condition = (name: string, type: string) => findCondition(stored(name).status?.conditions, type);
  return {
    ...world,
    configured: () => condition('shop-master', 'Configured')?.message,
    reachable: () => ['shop-master', 'blog-master'].map(name => condition(name, 'Reachable')?.status),
    plugIn,
    unplugAll: () => ssh.machines.clear(),
    unplug: (id: number): void => void ssh.machines.delete(activeStatus(id).server!.publicAddress!),
    /** Has it looked at, whatever time it is. */
    touch: (name: string) =>
      world.client.patch(DROPLETS, `default/${name}`, { metadata: { annotations: { touched: 'yes' } } }),
    /** What the observers of shop-master say. */
    judge: (healthy: 'True' | 'False') => {
      const conditions = setCondition(
        stored('shop-master').status?.conditions,
        aCondition('Healthy', healthy),
        new Date(),
      );
      return world.client.patch(
        DROPLETS,
        'default/shop-master',
        { status: { conditions } },
        { subresource: 'status' },
      );
    },
  };
}

describe('The host controller', () => {
  it('brings the engine that a service asks for, as soon as it does', async () => {
    const { client, configured, settle, stop } = await start();
    expect(configured()).to.match(/^docker/);
    client.seed(aServiceDeployment('shop-prod-site', {}, { spec: { platform: 'podman' } }));
    await settle();
    expect(configured()).to.match(/^podman/);
    await stop();
  });

  it('looks at all hosts when it loses one, and at those that it lost when it finds one again', async () => {
    const { clock, plugIn, reachable, settle, stop, touch, unplugAll } = await start();
    expect(reachable()).to.deep.equal(['True', 'True']);
    unplugAll();
    await touch('shop-master');
    for (let tries = 0; tries < 2; tries++) {
      await settle();
      await clock.advance(HOST.timings.retryMs);
    }
    await settle();
    expect(reachable()).to.deep.equal(['False', 'False']);
    plugIn(7, 8);
    await touch('blog-master');
    await settle();
    expect(reachable()).to.deep.equal(['True', 'True']);
    await stop();
  });

  it('looks at a host at once that a quorum lost, and says that it is lost, and again when they find it', async () => {
    const { judge, plugIn, reachable, settle, stop, unplug } = await start();
    expect(reachable()[0]).to.equal('True');
    unplug(7);
    await judge('False');
    await settle();
    expect(reachable()[0]).to.equal('False');
    plugIn(7);
    await judge('True');
    await settle();
    expect(reachable()[0]).to.equal('True');
    await stop();
  });
});
