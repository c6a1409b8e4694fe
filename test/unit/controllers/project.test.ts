import { expect } from 'chai';
import { DROPLETS, PROJECTS } from '../../../clients/kubernetes/kinds.ts';
import { projectController } from '../../../controllers/project.ts';
import { findCondition } from '../../../crds/conditions.ts';
import { keyOf } from '../../../crds/meta.ts';
import type { Project } from '../../../crds/project.ts';
import {
  DROPLETS_BY_PROJECT,
  PROJECTS_BY_NAME,
  projectKeyOf,
  type Context,
} from '../../../reconcilers/context.ts';
import type { Droplet } from '../../../crds/droplet.ts';
import type { FakeInformer } from '../../fakes/informer.ts';
import { aProject } from '../../builders/objects.ts';
import { createRig } from '../reconcilers/reconcile-rig.ts';
import { startController } from './runtime/started-controller.ts';

/** The project controller at work over a client in memory that has nothing yet. */
async function start() {
  const context: Context = {
    ...createRig([]).context,
    get kubernetes() {
      return world.client;
    },
    get projects() {
      return world.informer(PROJECTS) as unknown as FakeInformer<Project>;
    },
    get droplets() {
      return world.informer(DROPLETS) as unknown as FakeInformer<Droplet>;
    },
  };
  const world = await startController([], projectController(context));
  world.informer(PROJECTS).addIndex(PROJECTS_BY_NAME, ({ metadata }) => [metadata.name]);
  world.informer(DROPLETS).addIndex(DROPLETS_BY_PROJECT, droplet => [projectKeyOf(droplet as Droplet)]);
  return world;
}

const made = (namespace: string, second: number): Project =>
  aProject('shop', {
    metadata: { namespace, uid: `uid-${namespace}`, creationTimestamp: `2026-01-01T00:00:0${second}Z` },
  });

describe('The project controller', () => {
  it('wakes the Project that may have a name as soon as the one that had it is gone', async () => {
    const { client, settle, stop } = await start();
    const reason = (key: string) =>
      findCondition(client.stored<Project>(PROJECTS, key)?.status?.conditions, 'Ready')?.reason;
    const droplets = () => client.storedAll<Droplet>(DROPLETS).map(keyOf);
    client.seed(made('team-a', 1));
    client.seed(made('team-b', 2));
    await settle();
    expect(droplets()).to.deep.equal(['team-a/shop-master']);
    expect(reason('team-b/shop')).to.equal('NameTaken');
    await client.patch(PROJECTS, 'team-a/shop', { metadata: { finalizers: [] } });
    await client.delete(PROJECTS, 'team-a/shop');
    await settle();
    expect(droplets()).to.include('team-b/shop-master');
    expect(reason('team-b/shop')).to.equal('Converging');
    await stop();
  });
});
