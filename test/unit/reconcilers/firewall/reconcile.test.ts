import { expect } from 'chai';
import { CloudError } from '../../../../clients/digitalocean/errors.ts';
import { createFirewallList } from '../../../../clients/digitalocean/firewall-list.ts';
import { DROPLETS, PROJECTS } from '../../../../clients/kubernetes/kinds.ts';
import { fleetTag, projectRoleTag, uidTag } from '../../../../crds/cloud-tags.ts';
import { findCondition } from '../../../../crds/conditions.ts';
import { firewallPrefix } from '../../../../crds/firewall-name.ts';
import type { KubernetesObject } from '../../../../crds/meta.ts';
import type { Project } from '../../../../crds/project.ts';
import type { AdminAccess } from '../../../../reconcilers/firewall/admin-access.ts';
import { reconcileFirewalls } from '../../../../reconcilers/firewall/reconcile.ts';
import { sweepFirewalls } from '../../../../reconcilers/firewall/sweep.ts';
import { Waiting } from '../../../../reconcilers/outcome.ts';
import { FIREWALL } from '../../../../reconcilers/firewall/concern.ts';
import type { Firewalls } from '../../../../reconcilers/firewall/firewalls.ts';
import { activeDroplets, aProject } from '../../../builders/objects.ts';
import { refusal } from '../../../fakes/cloud.ts';
import { rejection } from '../../../fakes/rejection.ts';
import { createRig } from '../reconcile-rig.ts';

const KEY = 'default/shop';
const FLEET = 'fleet';
const { pollMs, maxAgeMs, addressRetryMs, refusedMs } = FIREWALL.timings;
const KNOWN: AdminAccess = { isKnown: true, sources: ['203.0.113.7'] };

/** A project of a master and a web, whose servers run. */
async function start(...seeds: KubernetesObject[]) {
  const droplets = activeDroplets('shop', 2, 11);
  const rig = createRig(seeds.length > 0 ? seeds : [aProject('shop', { spec: { servers: 2 } }), ...droplets]);
  for (const { metadata, spec, status } of droplets)
    rig.cloud.addDroplet({
      id: status!.server!.id!,
      tags: [fleetTag(FLEET), projectRoleTag(FLEET, 'shop', spec.role), uidTag(metadata.uid!)],
    });
  await rig.informer.refresh();
  const world = { access: KNOWN };
  const firewalls: Firewalls = {
    list: createFirewallList(rig.cloud, firewallPrefix(FLEET), rig.clock),
    adminAccess: () => Promise.resolve(world.access),
    sshPort: 22,
    timings: FIREWALL.timings,
  };
  const project = () => rig.client.stored(PROJECTS, KEY);
  const reconcile = () => reconcileFirewalls(rig.context, firewalls, KEY, project(), rig.run);
  const names = () => [...rig.cloud.firewalls.values()].map(({ name }) => name);
  const condition = () => findCondition(project()?.status?.conditions, 'FirewallReady');
  // The account is asked about once, whoever is the first to change something.
  const calls = () =>
    rig.cloud.calls.splice(0).flatMap(({ operation }) => (operation === 'getAccount' ? [] : [operation]));
  calls();
  return { ...rig, world, firewalls, project, reconcile, names, condition, calls };
}

/** The same with its firewalls made. */
async function startProtected() {
  const rig = await start();
  await rig.reconcile();
  await rig.reconcile();
  rig.calls();
  return rig;
}

const destroyAll = async (rig: Awaited<ReturnType<typeof start>>): Promise<void> => {
  rig.cloud.droplets.clear();
  await rig.informer.refresh();
};

const BOTH = ['dropfleet.fleet.shop.master', 'dropfleet.fleet.shop.web'];

describe('Reconciling firewalls', () => {
  describe('of a name that Projects of two namespaces bear', () => {
    const made = (namespace: string, second: number, servers: number) =>
      aProject('shop', {
        spec: { servers },
        metadata: { namespace, uid: `uid-${namespace}`, creationTimestamp: `2026-01-01T00:00:0${second}Z` },
      });

    it('is left to the one that has the name, whose firewalls protect the servers of both', async () => {
      // The name is team-a's, which has a master alone; the servers are the other's.
      const rig = await start(made('team-a', 1, 1), made('default', 2, 2), ...activeDroplets('shop', 2, 11));
      expect(await rig.reconcile()).to.equal(undefined);
      expect(rig.calls()).to.deep.equal([]);
      const first = rig.client.stored<Project>(PROJECTS, 'team-a/shop');
      await reconcileFirewalls(rig.context, rig.firewalls, 'team-a/shop', first, rig.run);
      expect(rig.names()).to.have.members(BOTH);
    });

    it('is not looked at again and again for one that is gone while the other lives', async () => {
      const rig = await start(made('default', 1, 2), ...activeDroplets('shop', 2, 11));
      await rig.reconcile();
      const gone = reconcileFirewalls(rig.context, rig.firewalls, 'team-a/shop', undefined, rig.run);
      expect(await gone).to.equal(undefined);
      expect(rig.names()).to.have.members(BOTH);
    });

    it('is not looked at again and again either when only Droplets of that name are left', async () => {
      const rig = await start(...activeDroplets('shop', 2, 11));
      await rig.reconcile();
      const gone = reconcileFirewalls(rig.context, rig.firewalls, 'team-a/shop', undefined, rig.run);
      expect(await gone).to.equal(undefined);
      expect(rig.names()).to.have.members(BOTH);
    });
  });

  it('makes one for each role, with one call each, and says whom SSH lets in', async () => {
    const { reconcile, names, condition, calls } = await start();
    await reconcile();
    expect(names()).to.have.members(BOTH);
    expect(calls()).to.deep.equal(['createFirewall', 'createFirewall']);
    expect(condition()).to.include({
      status: 'True',
      reason: 'Applied',
      message: "SSH is open to 203.0.113.7 and the fleet's own droplets",
    });
  });

  it('costs one list when nothing has changed, and no write', async () => {
    const { reconcile, calls, client, clock } = await startProtected();
    client.calls.length = 0;
    await clock.advance(maxAgeMs);
    await reconcile();
    await reconcile();
    expect(calls()).to.deep.equal(['listFirewalls']);
    expect(client.writes()).to.deep.equal([]);
  });

  it('does nothing for a project that has no server yet', async () => {
    const rig = await start(aProject('shop'));
    await destroyAll(rig);
    rig.calls();
    await rig.reconcile();
    expect(rig.calls()).to.deep.equal([]);
  });

  it('puts right what was changed by hand, with one call', async () => {
    const { reconcile, cloud, calls, clock } = await startProtected();
    const [id, firewall] = [...cloud.firewalls][0]!;
    cloud.firewalls.set(id, { ...firewall, inbound: [] });
    await clock.advance(maxAgeMs);
    await reconcile();
    expect(calls()).to.deep.equal(['listFirewalls', 'updateFirewall']);
    expect(cloud.firewalls.get(id)).to.deep.equal(firewall);
  });

  it('recreates what was deleted by hand', async () => {
    const { reconcile, cloud, names, clock } = await startProtected();
    cloud.firewalls.clear();
    await clock.advance(maxAgeMs);
    await reconcile();
    expect(names()).to.have.members(BOTH);
  });

  it('never makes one twice when the reply was lost', async () => {
    const { reconcile, cloud, names } = await start();
    cloud.failNext('createFirewall', refusal(504, 'Gateway Time-out'), { applied: true });
    await rejection(reconcile());
    await reconcile();
    expect(names()).to.have.members(BOTH);
  });

  it('waits for one that exists to be listed, whoever made it', async () => {
    const { reconcile, cloud, names, condition, calls } = await start();
    cloud.failNext('createFirewall', refusal(409, 'duplicate name'), { applied: true });
    expect(await rejection(reconcile()))
      .to.be.instanceOf(Waiting)
      .with.property('afterMs', pollMs);
    expect(condition()).to.equal(undefined);
    await reconcile();
    expect(names()).to.have.members(BOTH);
    expect(calls()).to.deep.equal(['createFirewall', 'listFirewalls', 'createFirewall']);
  });

  it('makes the tags that the cloud does not know yet', async () => {
    const { reconcile, cloud, names } = await start();
    cloud.failNext('createFirewall', refusal(422, 'tag dropfleet:fleet does not exist'));
    await reconcile();
    expect([...cloud.tags]).to.have.members(['dropfleet:fleet:shop:master', 'dropfleet:fleet']);
    expect(names()).to.have.members(BOTH);
  });

  it('leaves everything as it is while nobody knows whom SSH lets in, and says what to do', async () => {
    const rig = await startProtected();
    rig.world.access = { isKnown: false, problem: 'set DROPFLEET_OPERATOR_IP' };
    rig.cloud.firewalls.forEach((firewall, id) => rig.cloud.firewalls.set(id, { ...firewall, inbound: [] }));
    await rig.clock.advance(maxAgeMs);
    expect(await rejection(rig.reconcile()))
      .to.be.instanceOf(Waiting)
      .with.property('afterMs', addressRetryMs);
    expect(rig.calls()).to.deep.equal(['listFirewalls']);
    expect(rig.condition()).to.include({
      status: 'False',
      reason: 'AddressUnknown',
      message: 'set DROPFLEET_OPERATOR_IP',
    });
    expect(rig.events).to.include('FirewallAddressUnknown shop');
  });

  it('says what the cloud refused, and asks again after a while', async () => {
    const { reconcile, cloud, condition } = await start();
    cloud.failNext('createFirewall', refusal(422, 'too many firewalls'));
    expect(await rejection(reconcile()))
      .to.be.instanceOf(Waiting)
      .with.property('afterMs', refusedMs);
    expect(condition()).to.include({ status: 'False', reason: 'Refused', message: 'too many firewalls' });
  });

  it('says nothing new when the cloud is silent for a while', async () => {
    const { reconcile, cloud, condition, clock } = await startProtected();
    await clock.advance(maxAgeMs);
    const silence = { operation: 'listFirewalls', code: 'ECONNREFUSED', message: 'no answer' };
    cloud.failNext('listFirewalls', new CloudError(silence));
    await rejection(reconcile());
    expect(condition()).to.include({ status: 'True' });
  });

  it('keeps a firewall until the last server is gone, then removes it', async () => {
    const rig = await startProtected();
    const context = { ...rig.context, droplets: { ...rig.context.droplets, byIndex: () => [] } };
    const gone = () => reconcileFirewalls(context, rig.firewalls, KEY, undefined, rig.run);
    expect(await gone()).to.deep.equal({ requeueAfterMs: pollMs });
    expect(rig.names()).to.have.length(2);
    await destroyAll(rig);
    expect(await gone()).to.equal(undefined);
    expect(rig.names()).to.deep.equal([]);
  });

  it('waits for the first list of droplets: what is not listed is not gone', async () => {
    const { context, firewalls, run } = await startProtected();
    const unlisted = { ...context, servers: { ...context.servers, lastListStartedAt: () => undefined } };
    const error = await rejection(reconcileFirewalls(unlisted, firewalls, KEY, undefined, run));
    expect(error).to.be.instanceOf(Waiting);
    expect(await rejection(sweepFirewalls(unlisted, firewalls, run))).to.be.instanceOf(Waiting);
  });
});

describe('The sweep for firewalls', () => {
  it("removes those of this fleet that protect nothing and belong to no project, and nobody else's", async () => {
    const rig = await startProtected();
    const [firewall] = rig.cloud.firewalls.values();
    for (const name of ['dropfleet.fleet.old.web', 'dropfleet.other.old.web', 'mine'])
      rig.cloud.firewalls.set(name, { ...firewall!, id: name, name });
    await rig.clock.advance(maxAgeMs);
    await sweepFirewalls(rig.context, rig.firewalls, rig.run);
    expect(rig.names()).to.have.members([...BOTH, 'dropfleet.other.old.web', 'mine']);
  });

  it('removes that of a restore drill once its server is gone, and the drill over', async () => {
    const rig = await startProtected();
    const [firewall] = rig.cloud.firewalls.values();
    const name = 'dropfleet.fleet.drill.uid-shop-master';
    const put = () => void rig.cloud.firewalls.set(name, { ...firewall!, id: name, name });
    const sweep = async () => {
      await rig.informer.refresh();
      await rig.clock.advance(maxAgeMs);
      await sweepFirewalls(rig.context, rig.firewalls, rig.run);
    };
    put();
    const { id } = rig.cloud.addDroplet({ tags: ['dropfleet:fleet', 'dropfleet-drill:uid-shop-master'] });
    await sweep();
    expect(rig.names()).to.include(name);
    rig.cloud.droplets.delete(id);
    const drill = { request: 'one', step: 'Preparing', startedAt: '2026-01-01T00:00:00Z' };
    const write = (status: object) =>
      rig.client.patch(DROPLETS, 'default/shop-master', { status }, { subresource: 'status' });
    await write({ drill });
    await sweep();
    expect(rig.names()).to.include(name);
    await write({ drill: { ...drill, step: 'Done' } });
    await sweep();
    expect(rig.names()).to.have.members(BOTH);
  });

  it('leaves those whose servers live on, though their objects were lost', async () => {
    const rig = await startProtected();
    const lost = { ...rig.context.projects, list: () => [] };
    const none = { ...rig.context.droplets, list: () => [] };
    await sweepFirewalls({ ...rig.context, projects: lost, droplets: none }, rig.firewalls, rig.run);
    expect(rig.names()).to.have.members(BOTH);
  });
});
