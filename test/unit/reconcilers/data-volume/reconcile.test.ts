import { expect } from 'chai';
import type { Cloud } from '../../../../clients/digitalocean/cloud.ts';
import { CloudError } from '../../../../clients/digitalocean/errors.ts';
import { DROPLETS, PROJECTS } from '../../../../clients/kubernetes/kinds.ts';
import { retiredAtTag, retiredTag } from '../../../../crds/cloud-tags.ts';
import { findCondition } from '../../../../crds/conditions.ts';
import type { Droplet } from '../../../../crds/droplet.ts';
import type { Project, ProjectSpec } from '../../../../crds/project.ts';
import { DATA_VOLUME, type Context } from '../../../../reconcilers/data-volume/concern.ts';
import { reconcileDataVolume } from '../../../../reconcilers/data-volume/reconcile.ts';
import { DATA_VOLUME_SECTION } from '../../../../reconcilers/data-volume/section.ts';
import { createProbeResults } from '../../../../reconcilers/probe/results.ts';
import { aCondition, activeStatus, aDroplet, aProject } from '../../../builders/objects.ts';
import { refusal } from '../../../fakes/cloud.ts';
import { fakeSsh } from '../../../fakes/ssh.ts';
import { createRig, ownOf, tagsFor } from '../reconcile-rig.ts';

const KEY = 'default/shop';
const PIN = 'SHA256:pin';
const masterWith = (id: number): Droplet =>
  aDroplet('shop-master', {
    status: {
      ...activeStatus(id, { privateAddress: `10.0.0.${id}`, publicAddress: `203.0.113.${id}` }),
      host: { serverID: id, keyFingerprint: PIN },
      conditions: ['Provisioned', 'Reachable'].map(type => aCondition(type, 'True')),
    },
  });

/** A project that asks for 10 GB, with its master on droplet 7; reconciled by hand. */
async function start(spec: Partial<ProjectSpec> = { dataVolume: { sizeGB: 10 } }) {
  const rig = createRig([aProject('shop', { spec: { servers: 1, ...spec } }), masterWith(7)]);
  const tags = tagsFor(masterWith(7));
  rig.cloud.addDroplet({ id: 7, name: 'shop-master', tags, publicAddress: '203.0.113.7' });
  await rig.informer.refresh();
  const ssh = fakeSsh();
  const mounted: string[] = [];
  for (const id of [7, 8])
    ssh.hosts.set(`203.0.113.${id}`, {
      hostKey: PIN,
      files: new Map(),
      answer: argv => {
        mounted.push(`${argv.at(-1)} on ${id}`);
        return {};
      },
    });
  const probes = createProbeResults(rig.clock);
  const hosts = { ssh, port: 22, privateKey: { reveal: () => 'key' }, probes } as never;
  const context: Context = { ...rig.context, ...ownOf(DATA_VOLUME), hosts };
  const project = (): Project => rig.client.stored(PROJECTS, KEY)!;
  /** What the cloud does in a while; whatever volume there is, is at one droplet, and that runs or did. */
  async function settle(): Promise<void> {
    for (const [id, { status }] of rig.cloud.actions)
      if (status === 'in-progress') rig.cloud.finishAction(id);
    await rig.clock.advance(DATA_VOLUME.timings.pollMs);
    await rig.informer.refresh();
    const volumes = [...rig.cloud.volumes.values()];
    expect(volumes.length, 'volumes of one Project').to.be.at.most(1);
  }
  async function pass(times = 1, own: Context = context): Promise<void> {
    for (let i = 0; i < times; i++) {
      await reconcileDataVolume(own, KEY, project(), rig.run).catch(() => undefined);
      await settle();
    }
  }
  return {
    ...rig,
    context,
    project,
    pass,
    mounted,
    probes,
    said: () => findCondition(project().status?.conditions, 'DataVolumeReady'),
    volume: () => [...rig.cloud.volumes.values()][0],
    change: (change: Partial<ProjectSpec>) => rig.client.patch(PROJECTS, KEY, { spec: change }),
    /** The master's server was replaced by droplet 8, and is as the droplet controller leaves it. */
    replace: async (status: 'off' | 'active' = 'off'): Promise<void> => {
      const retired = [retiredTag('uid-shop-master'), retiredAtTag(rig.clock.now()), 'dropfleet:fleet'];
      rig.cloud.changeDroplet(7, { status, tags: retired });
      rig.cloud.addDroplet({ id: 8, name: 'shop-master', tags, publicAddress: '203.0.113.8' });
      await rig.client.patch(
        DROPLETS,
        'default/shop-master',
        { status: masterWith(8).status },
        { subresource: 'status' },
      );
      await rig.informer.refresh();
    },
  };
}

describe('The data volume controller', () => {
  it('makes a volume with its tags, attaches and mounts it, and is content', async () => {
    const { pass, volume, said, mounted, cloud, project } = await start();
    await pass(6);
    expect(volume()).to.deep.include({ name: 'fleet-shop-data', sizeGB: 10, dropletIds: [7] });
    expect(volume()!.tags).to.include.members(['dropfleet:fleet', 'dropfleet-uid:uid-shop']);
    expect(volume()!.tags).to.include(`dropfleet-nonce:${project().status!.dataVolume!.nonce}`);
    expect(mounted).to.deep.equal(['fleet-shop-data on 7']);
    expect(said()).to.deep.include({ status: 'True', reason: 'Mounted' });
    cloud.allowOnly('listVolumes', 'listDroplets');
    await pass(3);
    expect(said()?.status).to.equal('True');
  });

  it('asks nothing of the cloud for a project that wants none', async () => {
    const { pass, cloud } = await start({});
    await pass();
    expect(cloud.count('listVolumes')).to.equal(0);
  });

  it('takes what came of a request whose reply was lost for its own, and buys no second', async () => {
    const { pass, cloud, said } = await start();
    const lost = new CloudError({ operation: 'createVolume', message: 'reset', code: 'ECONNRESET' });
    cloud.failNext('createVolume', lost, { applied: true });
    await pass(8);
    expect(said()?.status).to.equal('True');
    expect(cloud.count('createVolume')).to.equal(1);
  });

  it('has the volume follow the master to another server', async () => {
    const { pass, volume, mounted, replace, project } = await start();
    await pass(6);
    await replace();
    await pass(1);
    expect(project().status!.dataVolume).to.not.have.property('serverID');
    await pass(5);
    expect(volume()!.dropletIds).to.deep.equal([8]);
    expect(mounted).to.deep.equal(['fleet-shop-data on 7', 'fleet-shop-data on 8']);
    expect(project().status!.dataVolume).to.include({ serverID: 8 });
  });

  it('takes it from no server that runs, whoever has taken its place', async () => {
    const { pass, volume, replace, cloud, said } = await start();
    await pass(6);
    await replace('active');
    await pass(5);
    expect(cloud.count('detachVolume')).to.equal(0);
    expect(volume()!.dropletIds).to.deep.equal([7]);
    expect(said()).to.deep.include({ status: 'False', reason: 'Held' });
  });

  it('buys an empty one in place of one that is gone only when a person confirms it', async () => {
    const { pass, cloud, said } = await start();
    await pass(6);
    cloud.volumes.clear();
    await pass(3);
    expect(cloud.count('createVolume')).to.equal(1);
    expect(said()).to.deep.include({ status: 'False', reason: 'Missing' });
    expect(said()!.message).to.contain('its data with it');
  });

  it("takes a former Project's volume over only when a person confirms it", async () => {
    const { pass, cloud, said, volume } = await start();
    const tags = ['dropfleet:fleet', 'dropfleet-uid:uid-of-old'];
    cloud.addVolume({ name: 'fleet-shop-data', tags });
    await pass(3);
    expect(said()).to.deep.include({ status: 'False', reason: 'Former' });
    expect(volume()!.tags).to.deep.equal(tags);
  });

  it('mounts it again when it was unmounted, and lets no service write meanwhile', async () => {
    const { pass, mounted, probes, project, clock } = await start();
    await pass(6);
    probes.of(DATA_VOLUME_SECTION).record(masterWith(7), '', clock.monotonic());
    await pass(2);
    expect(mounted).to.have.length(2);
    expect(project().status!.dataVolume).to.include({ serverID: 7 });
  });

  it('grows it when the project asks for more', async () => {
    const { pass, change, volume, project } = await start();
    await pass(6);
    await change({ dataVolume: { sizeGB: 20 } });
    await pass(4);
    expect(volume()!.sizeGB).to.equal(20);
    expect(project().status!.dataVolume).to.include({ sizeGB: 20, serverID: 7 });
  });

  it('does nothing while the project is suspended', async () => {
    const { pass, cloud } = await start({ suspend: true, dataVolume: { sizeGB: 10 } });
    await pass();
    expect(cloud.count('listVolumes')).to.equal(0);
  });

  for (const applied of [false, true])
    it(`survives the end of its process at any change, ${applied ? 'carried out' : 'not carried out'}`, async () => {
      for (let at = 1; ; at++) {
        const rig = await start();
        const life = { left: at };
        const { cloud, kubernetes } = rig.context;
        const mortal = {
          ...rig.context,
          cloud: dyingAt(cloud, life, applied),
          kubernetes: dyingAt(kubernetes, life, applied),
        };
        await rig.pass(6, mortal);
        await rig.replace();
        await rig.pass(6, mortal);
        if (life.left > 0) return void expect(at).to.be.above(8);
        await rig.pass(14);
        expect(rig.volume()!.dropletIds, `after the end at change ${at}`).to.deep.equal([8]);
        expect(rig.said()?.status).to.equal('True');
      }
    });
});

const CHANGES: ReadonlySet<string> = new Set<keyof Cloud | 'patch'>([
  'createVolume',
  'attachVolume',
  'detachVolume',
  'patch',
]);

/** The same, whose process ends at one of its changes, for good. */
function dyingAt<T extends object>(target: T, life: { left: number }, applied: boolean): T {
  return new Proxy(target, {
    get(_target, name) {
      const call = target[name as keyof T];
      if (typeof call !== 'function' || !CHANGES.has(String(name))) return call;
      return async (...args: unknown[]): Promise<unknown> => {
        life.left -= 1;
        if (life.left < 0 || (life.left === 0 && !applied)) throw refusal(500, 'the process is over');
        const result: unknown = await (call as (...all: unknown[]) => Promise<unknown>).apply(target, args);
        if (life.left === 0) throw refusal(500, 'the process is over');
        return result;
      };
    },
  });
}
