import { expect } from 'chai';
import { fleetTag, retiredAtTag, retiredTag, uidTag } from '../../../../crds/cloud-tags.ts';
import { RETIRED } from '../../../../reconcilers/retired/concern.ts';
import { reconcileRetired } from '../../../../reconcilers/retired/reconcile.ts';
import { aCondition, aDroplet, aProject, activeStatus } from '../../../builders/objects.ts';
import { refusal } from '../../../fakes/cloud.ts';
import { createRig, ownOf, tagsFor } from '../reconcile-rig.ts';

const DAY_MS = 24 * 3_600_000;

/** Webs of one project, each with a server, and one that it had before. */
async function start(webs: number, status = activeStatus) {
  const droplets = Array.from({ length: webs }, (_, i) =>
    aDroplet(`shop-web${i + 1}`, { status: status(20 + i) }),
  );
  const rig = createRig([aProject('shop', { spec: { servers: webs + 1 } }), ...droplets]);
  for (const [i, droplet] of droplets.entries()) {
    const { name, uid } = droplet.metadata;
    const marks = [fleetTag('fleet'), retiredTag(uid!), retiredAtTag(rig.clock.now())];
    rig.cloud.addDroplet({ id: 20 + i, name, tags: tagsFor(droplet) });
    rig.cloud.addDroplet({ id: 10 + i, name, tags: marks, status: 'off' });
  }
  await rig.informer.refresh();
  const context = { ...rig.context, ...ownOf(RETIRED) };
  const reconcile = (id: number) => reconcileRetired(context, String(id), rig.run);
  return { ...rig, reconcile };
}

describe('Reconciling a server that was replaced', () => {
  it('asks for nothing while it is kept, and comes back when that is over', async () => {
    const { cloud, clock, reconcile, writes } = await start(1);
    await clock.advance(1_000);
    cloud.calls.length = 0;
    expect(await reconcile(10)).to.deep.equal({ requeueAfterMs: DAY_MS - 1_000 });
    expect([cloud.calls, writes()]).to.deep.equal([[], []]);
  });

  it('destroys it after a day, and nothing but it', async () => {
    const { cloud, clock, events, reconcile } = await start(1);
    await clock.advance(DAY_MS);
    await reconcile(10);
    expect([...cloud.droplets.keys()]).to.deep.equal([20]);
    expect(events).to.include('Destroying shop-web1');
  });

  it('takes the cloud’s word right before: what somebody turned on or gave away since is kept', async () => {
    for (const change of [
      { status: 'active' as const },
      { tags: [fleetTag('fleet'), uidTag('another'), retiredTag('uid-shop-web1'), retiredAtTag(0)] },
      { tags: [fleetTag('fleet')] },
    ]) {
      const { cloud, clock, reconcile } = await start(1);
      await clock.advance(DAY_MS);
      cloud.changeDroplet(10, change);
      await reconcile(10);
      expect(cloud.count('deleteDroplet')).to.equal(0);
    }
  });

  it('neither stops nor saves what holds data and was turned on or given away since it was listed', async () => {
    const holding = (id: number) => ({ ...activeStatus(id), dataServers: [10] });
    for (const change of [{ status: 'active' as const }, { tags: [fleetTag('fleet'), uidTag('another')] }]) {
      const { cloud, clock, reconcile } = await start(1, holding);
      await clock.advance(DAY_MS);
      cloud.changeDroplet(10, change);
      await reconcile(10);
      const acts = ['shutdownDroplet', 'powerOffDroplet', 'snapshotDroplet', 'deleteDroplet'] as const;
      expect(acts.map(call => cloud.count(call))).to.deep.equal([0, 0, 0, 0]);
    }
  });

  it('is over when the server is gone already', async () => {
    const { cloud, clock, reconcile } = await start(1);
    await clock.advance(DAY_MS);
    cloud.failNext('deleteDroplet', refusal(404, 'not found'));
    expect(await reconcile(10)).to.equal(undefined);
  });

  it('keeps it while the one in its place is not Ready', async () => {
    const unready = (id: number) => ({ ...activeStatus(id), conditions: [aCondition('Ready', 'False')] });
    const { cloud, clock, reconcile } = await start(1, unready);
    await clock.advance(DAY_MS);
    await reconcile(10);
    expect(cloud.count('deleteDroplet')).to.equal(0);
  });

  it('destroys no more in ten minutes than the gate allows of all that is destroyed', async () => {
    const { cloud, clock, context, reconcile } = await start(4);
    await clock.advance(DAY_MS);
    for (const id of [10, 11, 12, 13]) await reconcile(id);
    expect(cloud.count('deleteDroplet')).to.equal(2);
    expect(context.gate.holds()[0]).to.include({ reason: 'LargeDeletion' });
    expect(context.gate.holds()[0]!.effects).to.equal(
      'destroy 1 droplet of shop (former server 12): shop-web3',
    );
  });
});
