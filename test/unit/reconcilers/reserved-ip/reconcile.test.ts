import { expect } from 'chai';
import { CloudError } from '../../../../clients/digitalocean/errors.ts';
import { DROPLETS, PROJECTS } from '../../../../clients/kubernetes/kinds.ts';
import { retiredAtTag, retiredTag } from '../../../../crds/cloud-tags.ts';
import { findCondition } from '../../../../crds/conditions.ts';
import { CONFIRM_ANNOTATION } from '../../../../crds/names.ts';
import type { Project } from '../../../../crds/project.ts';
import { RESERVED_IP, type Context } from '../../../../reconcilers/reserved-ip/concern.ts';
import { reconcileReservedIP } from '../../../../reconcilers/reserved-ip/reconcile.ts';
import { readAddresses } from '../../../../reconcilers/reserved-ip/address-record.ts';
import { activeStatus, aDroplet, aProject } from '../../../builders/objects.ts';
import { createRig, ownOf, tagsFor } from '../reconcile-rig.ts';

const KEY = 'default/shop';

/** A project that asks for an address, with its master on droplet 7; reconciled by hand. */
async function start() {
  const master = aDroplet('shop-master', { status: activeStatus(7) });
  const rig = createRig([aProject('shop', { spec: { servers: 1, reservedIP: true } }), master]);
  rig.cloud.addDroplet({ id: 7, name: 'shop-master', tags: tagsFor(master) });
  await rig.informer.refresh();
  const context: Context = { ...rig.context, ...ownOf(RESERVED_IP) };
  const project = (): Project => rig.client.stored(PROJECTS, KEY)!;
  async function pass(times = 1): Promise<void> {
    for (let i = 0; i < times; i++) {
      await reconcileReservedIP(context, KEY, project(), rig.run);
      for (const [id, { status }] of rig.cloud.actions)
        if (status === 'in-progress') rig.cloud.finishAction(id);
      await rig.clock.advance(RESERVED_IP.timings.pollMs);
      await rig.informer.refresh();
    }
  }
  async function replace(): Promise<void> {
    const tags = [retiredTag('uid-shop-master'), retiredAtTag(rig.clock.now()), 'dropfleet:fleet'];
    rig.cloud.changeDroplet(7, { status: 'off', tags });
    rig.cloud.addDroplet({ id: 8, name: 'shop-master', tags: tagsFor(master) });
    const status = activeStatus(8);
    await rig.client.patch(DROPLETS, 'default/shop-master', { status }, { subresource: 'status' });
    await rig.informer.refresh();
  }
  return {
    ...rig,
    project,
    pass,
    replace,
    context,
    addresses: () => [...rig.cloud.reservedIPs.values()],
    said: () => findCondition(project().status?.conditions, 'ReservedIPReady'),
  };
}

describe('The reserved IP controller', () => {
  it('reserves an address that leads to the master, which follows it to another server', async () => {
    const { pass, addresses, said, replace, project } = await start();
    await pass(3);
    expect(addresses().map(({ dropletId }) => dropletId)).to.deep.equal([7]);
    const [{ address } = { address: '' }] = addresses();
    expect(said()).to.deep.include({ status: 'True', message: `${address} leads to the master` });
    await replace();
    await pass(4);
    expect(addresses()).to.deep.include.members([{ address, region: 'nyc3', locked: false, dropletId: 8 }]);
    expect(project().status!.reservedIP).to.deep.equal({ requestedFor: 7, address, serverID: 8 });
  });

  for (const applied of [true, false])
    it(`buys one address when the reply was lost, ${applied ? 'after' : 'before'} the request came through`, async () => {
      const { pass, cloud, addresses, said } = await start();
      const lost = new CloudError({ operation: 'createReservedIP', message: 'reset', code: 'ECONNRESET' });
      cloud.failNext('createReservedIP', lost, { applied });
      await pass(Math.ceil(RESERVED_IP.timings.graceMs / RESERVED_IP.timings.pollMs) + 4);
      expect(addresses()).to.have.length(1);
      expect(cloud.count('createReservedIP')).to.equal(applied ? 1 : 2);
      expect(said()?.status).to.equal('True');
    });

  it('writes down for whom an address is, where it outlives the Project, and takes that back with the address', async () => {
    const { pass, client, addresses, context, project } = await start();
    await pass(3);
    const [{ address } = { address: '' }] = addresses();
    const recorded = () => readAddresses(client, 'default');
    expect(await recorded()).to.deep.equal([{ address, uid: 'uid-shop', project: KEY }]);
    await client.patch(PROJECTS, KEY, { spec: { reservedIP: false } });
    await pass(2);
    expect(await recorded()).to.have.length(1);
    const [{ confirmation } = { confirmation: '' }] = context.gate.holds();
    await client.patch(PROJECTS, KEY, { metadata: { annotations: { [CONFIRM_ANNOTATION]: confirmation } } });
    await pass(2);
    expect(project().status?.reservedIP).to.equal(undefined);
    expect(await recorded()).to.deep.equal([]);
  });

  it('releases an address that is no longer asked for only when a person confirms it', async () => {
    const { pass, client, cloud, said } = await start();
    await pass(3);
    await client.patch(PROJECTS, KEY, { spec: { reservedIP: false } });
    await pass(2);
    expect(cloud.count('deleteReservedIP')).to.equal(0);
    expect(said()).to.deep.include({ status: 'False', reason: 'NotWanted' });
  });
});
