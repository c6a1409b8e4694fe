import { expect } from 'chai';
import { DROPLETS, PROJECTS } from '../../../clients/kubernetes/kinds.ts';
import { droplet } from '../../../controllers/droplet.ts';
import type { Droplet } from '../../../crds/droplet.ts';
import type { Project } from '../../../crds/project.ts';
import { DROPLETS_BY_PROJECT, projectKeyOf } from '../../../reconcilers/context.ts';
import type { Context } from '../../../reconcilers/droplet/concern.ts';
import { activeStatus, aDroplet, aProject, aRecovery } from '../../builders/objects.ts';
import type { FakeInformer } from '../../fakes/informer.ts';
import { createRig, tagsFor } from '../reconcilers/reconcile-rig.ts';
import { startController } from './runtime/started-controller.ts';

/** The droplet controller at work on a web whose server runs. */
async function start() {
  const web = aDroplet('shop-web1', { status: activeStatus(7) });
  const { context: shared, cloud, informer, log } = createRig([]);
  cloud.addDroplet({ id: 7, name: 'shop-web1', tags: tagsFor(web) });
  await informer.refresh();
  const context: Context = {
    ...shared,
    get kubernetes() {
      return world.client;
    },
    get droplets() {
      return world.informer(DROPLETS) as unknown as FakeInformer<Droplet>;
    },
    get projects() {
      return world.informer(PROJECTS) as unknown as FakeInformer<Project>;
    },
  };
  const { controllers } = droplet.setup({
    context,
    options: {},
    informers: { of: () => expect.fail('it needs no more informers') },
    log,
  });
  const world = await startController([], controllers![0]!);
  world.informer(DROPLETS).addIndex(DROPLETS_BY_PROJECT, one => [projectKeyOf(one as Droplet)]);
  for (const object of [aProject('shop'), web]) world.client.seed(object);
  await world.settle();
  return { ...world, cloud };
}

describe('The droplet controller', () => {
  it('begins a recovery as soon as the health controller asks for it in the status', async () => {
    const { client, cloud, settle, stop } = await start();
    expect(cloud.count('powerCycleDroplet')).to.equal(0);
    const { status } = client.stored<Droplet>(DROPLETS, 'default/shop-web1')!;
    const change = { status: { ...status, recovery: aRecovery(7, 'PowerCycle') } };
    await client.patch(DROPLETS, 'default/shop-web1', change, { subresource: 'status' });
    await settle();
    expect(cloud.count('powerCycleDroplet')).to.equal(1);
    await stop();
  });
});
