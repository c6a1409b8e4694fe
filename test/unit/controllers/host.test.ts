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

/** The host controller at work on a master that is as docker wants it. */
async function start() {
  const { ssh, hosts } = fakeHosts();
  const status = { ...activeStatus(7), host: { serverID: 7, keyFingerprint: FIRST } };
  const machine = aConfiguredMachine();
  const address = status.server!.publicAddress!;
  ssh.machines.set(address, machine);
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
  for (const object of [aProject('shop'), aDroplet('shop-master', { status })]) world.client.seed(object);
  await world.settle();
  const conditionsNow = () =>
    world.client.stored<Droplet>(DROPLETS, 'default/shop-master')!.status?.conditions;
  return {
    ...world,
    setThere: (isThere: boolean): void => {
      if (isThere) ssh.machines.set(address, machine);
      else ssh.machines.delete(address);
    },
    configured: () => findCondition(conditionsNow(), 'Configured')?.message,
    reachable: () => findCondition(conditionsNow(), 'Reachable')?.status,
    /** What its observers say. */
    judge: (healthy: 'True' | 'False') =>
      world.client.patch(
        DROPLETS,
        'default/shop-master',
        { status: { conditions: setCondition(conditionsNow(), aCondition('Healthy', healthy), new Date()) } },
        { subresource: 'status' },
      ),
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

  it('looks at a host at once that a quorum lost, and says that it is lost, and again when they find it', async () => {
    const { judge, reachable, setThere, settle, stop } = await start();
    expect(reachable()).to.equal('True');
    setThere(false);
    await judge('False');
    await settle();
    expect(reachable()).to.equal('False');
    setThere(true);
    await judge('True');
    await settle();
    expect(reachable()).to.equal('True');
    await stop();
  });
});
