import { expect } from 'chai';
import { CloudError, UnreadableItems } from '../../../../clients/digitalocean/errors.ts';
import { DROPLETS } from '../../../../clients/kubernetes/kinds.ts';
import { VERIFIED_TAG } from '../../../../crds/cloud-tags.ts';
import { DRILL_FINALIZER } from '../../../../crds/names.ts';
import { refusal } from '../../../fakes/cloud.ts';
import { startDrill } from './drill-rig.ts';

describe('A restore drill', () => {
  it('makes a server of the newest snapshot, looks at it, marks the snapshot, and leaves nothing else', async () => {
    const rig = await startDrill();
    await rig.ask();
    await rig.run();
    const { drill, verifiedRestore } = rig.droplet()!.status!;
    expect(drill).to.include({ step: 'Done', result: 'Passed', snapshotID: '99', request: 'one' });
    expect(drill!.message).to.equal('booted, SSH and docker answered, 1 of 1 services answered');
    expect(verifiedRestore).to.include({ snapshotID: '99', verifiedAt: drill!.answeredAt });
    expect(rig.cloud.snapshots.get('99')!.tags).to.include(VERIFIED_TAG);
    expect([rig.servers(), rig.firewalls()]).to.deep.equal([[], []]);
    expect(rig.droplet()!.metadata.annotations).to.deep.equal({});
    expect(rig.droplet()!.metadata.finalizers).to.not.include(DRILL_FINALIZER);
    expect([...rig.cloud.droplets.keys()]).to.deep.equal([7]);
    expect(rig.commands.at(-1)).to.deep.equal([
      'dropfleet-check-restored',
      'docker',
      'shop-prod-site-r1',
      'http://',
      '8123',
      '/health',
      '30',
      '5',
    ]);
  });

  it('has a firewall around its server before that is asked for: SSH from the admins, and nothing out', async () => {
    const rig = await startDrill();
    await rig.ask();
    while (rig.servers().length === 0) await rig.step();
    const [server] = rig.servers();
    const [firewall] = rig.firewalls();
    expect(firewall).to.deep.include({
      tags: ['dropfleet-drill:uid-shop-web1'],
      inbound: [{ protocol: 'tcp', ports: '22', addresses: ['203.0.113.9'], tags: [], others: 0 }],
      outbound: [],
    });
    const order = rig.cloud.calls.map(({ operation }) => operation);
    expect(order.indexOf('createFirewall')).to.be.within(0, order.indexOf('createDroplet') - 1);
    expect(server).to.include({ name: 'shop-web1-drill', image: '99', size: 's-1vcpu-1gb' });
    expect(server!.tags).to.deep.equal([
      'dropfleet:fleet',
      'dropfleet-api:api',
      'dropfleet-drill:uid-shop-web1',
      `dropfleet-nonce:${rig.drill()!.nonce}`,
    ]);
  });

  it("is not kept from its snapshot by one of somebody else's that cannot be read", async () => {
    const rig = await startDrill();
    const failure = { operation: 'listSnapshots', status: 200, message: 'of 8, size_gigabytes is no size' };
    const foreign = [{ id: 8, marks: { name: 'mine', tags: [] } }];
    // Not once: a drill that fails is tried again.
    const unreadable = new UnreadableItems(failure, [...rig.cloud.snapshots.values()], foreign);
    rig.cloud.listSnapshots = () => Promise.reject(unreadable);
    await rig.ask();
    await rig.run();
    expect(rig.drill()).to.include({ result: 'Passed', snapshotID: '99' });
  });

  it('buys nothing where there is no snapshot, and says so', async () => {
    const rig = await startDrill();
    rig.cloud.snapshots.clear();
    await rig.ask();
    await rig.run();
    expect(rig.drill()).to.include({
      step: 'Done',
      result: 'Failed',
      message: 'shop-web1 has no snapshot yet: there is nothing to restore',
    });
    expect(rig.cloud.count('createDroplet')).to.equal(0);
  });

  it('buys nothing while nobody can be let in alone, and fails when that lasts', async () => {
    const rig = await startDrill();
    rig.refuseAdmins('set ADMIN_IP');
    await rig.ask();
    await rig.run();
    expect(rig.drill()!.message).to.equal('getting ready was not over within 8 minutes: set ADMIN_IP');
    expect(rig.cloud.count('createDroplet')).to.equal(0);
  });

  it('fails with what DigitalOcean said where it refuses the server', async () => {
    const rig = await startDrill();
    rig.cloud.failNext('createDroplet', refusal(422, 'the disk is too small'));
    await rig.ask();
    await rig.run();
    expect(rig.drill()).to.include({ result: 'Failed' });
    expect(rig.drill()!.message).to.contain('the disk is too small');
    expect(rig.firewalls()).to.deep.equal([]);
  });

  it('asks again where DigitalOcean surely made none, and that may pass', async () => {
    const rig = await startDrill();
    const key = 'ssh_keys: 1 are invalid key identifiers for Droplet creation.';
    for (const error of [refusal(429, 'too many requests'), refusal(422, key)])
      rig.cloud.failNext('createDroplet', error);
    await rig.ask();
    await rig.run();
    expect(rig.drill()).to.include({ result: 'Passed' });
    expect([rig.cloud.count('createDroplet'), rig.servers()]).to.deep.equal([3, []]);
  });

  it('goes on with the server of a request whose reply was lost', async () => {
    const rig = await startDrill();
    const lost = new CloudError({ operation: 'createDroplet', message: 'timed out', code: 'TIMED_OUT' });
    rig.cloud.failNext('createDroplet', lost, { applied: true });
    await rig.ask();
    await rig.run();
    expect(rig.drill()).to.include({ result: 'Passed' });
    expect(rig.cloud.count('createDroplet')).to.equal(1);
  });

  it('fails when a server that was asked for never shows, and asks for no other', async () => {
    const rig = await startDrill();
    const lost = new CloudError({ operation: 'createDroplet', message: 'timed out', code: 'TIMED_OUT' });
    rig.cloud.failNext('createDroplet', lost);
    await rig.ask();
    await rig.run();
    expect(rig.drill()!.message).to.equal('DigitalOcean never showed the droplet that was asked for');
    expect(rig.cloud.count('createDroplet')).to.equal(1);
  });

  it('removes a server that does not boot in time', async () => {
    const rig = await startDrill();
    await rig.ask();
    await rig.run(undefined, () => false);
    expect(rig.drill()!.message).to.equal('the boot of the server was not over within 8 minutes');
    expect(rig.servers()).to.deep.equal([]);
  });

  it('removes a server that nobody can log in to, and says what SSH said', async () => {
    const rig = await startDrill();
    await rig.ask();
    await rig.run(undefined, () => {
      for (const { id, status } of rig.servers()) if (status === 'new') rig.cloud.finishBoot(id);
      return false;
    });
    expect(rig.drill()!.message).to.match(/^the first connection by SSH was not over within 8 minutes: ./);
    expect([rig.servers(), rig.firewalls()]).to.deep.equal([[], []]);
  });

  it('fails, and marks nothing, when the snapshot has no container of a service', async () => {
    const rig = await startDrill();
    rig.machine.containers = 'end\n';
    await rig.ask();
    await rig.run();
    expect(rig.drill()).to.include({ result: 'Failed' });
    expect(rig.droplet()!.status).to.not.have.property('verifiedRestore');
    expect(rig.cloud.snapshots.get('99')!.tags).to.not.include(VERIFIED_TAG);
  });

  it('ends when the Droplet is deleted meanwhile, which stays until its server is gone', async () => {
    const rig = await startDrill();
    await rig.ask();
    while (rig.drill()?.step !== 'Checking') {
      await rig.step();
      rig.boot();
    }
    await rig.client.delete(DROPLETS, 'default/shop-web1');
    await rig.run(() => {
      if (rig.servers().length > 0) expect(rig.droplet()!.metadata.finalizers).to.include(DRILL_FINALIZER);
    });
    expect(rig.servers()).to.deep.equal([]);
    expect(rig.droplet()!.metadata.finalizers).to.not.include(DRILL_FINALIZER);
    expect([...rig.cloud.droplets.keys()]).to.deep.equal([7]);
  });

  it('follows one wish once, and another one again', async () => {
    const rig = await startDrill();
    for (const request of ['one', 'one', 'two']) {
      await rig.ask(request);
      await rig.run();
    }
    expect(rig.cloud.count('createDroplet')).to.equal(2);
  });

  it('keeps what the last one proved when the next one fails', async () => {
    const rig = await startDrill();
    await rig.ask('one');
    await rig.run();
    rig.machine.containers = 'end\n';
    await rig.ask('two');
    await rig.run();
    const { drill, verifiedRestore } = rig.droplet()!.status!;
    expect(drill).to.include({ result: 'Failed', request: 'two' });
    expect(verifiedRestore).to.include({ snapshotID: '99' });
  });

  it('writes and asks for nothing where nobody wants one', async () => {
    const rig = await startDrill();
    rig.cloud.calls.length = 0;
    expect(await rig.step()).to.equal(undefined);
    expect([rig.cloud.calls, rig.writes()]).to.deep.equal([[], []]);
  });

  it('leaves a server alone that became somebody’s meanwhile', async () => {
    const rig = await startDrill();
    await rig.ask();
    while (rig.drill()?.step !== 'Checking') {
      await rig.step();
      rig.boot();
    }
    const { id, tags } = rig.servers()[0]!;
    rig.cloud.changeDroplet(id, { tags: [...tags, 'dropfleet-uid:other'] });
    await rig.run();
    expect([...rig.cloud.droplets.keys()]).to.deep.equal([7, id]);
  });
});

describe('An operator that dies in the middle of a restore drill', () => {
  for (const deletes of [false, true])
    it(`never leaves two servers, nor one for good${deletes ? ', though the Droplet is deleted then' : ''}`, async () => {
      const last = await (async () => {
        const rig = await startDrill();
        await rig.ask();
        await rig.run();
        return rig.effects();
      })();
      expect(last).to.be.greaterThan(10);
      for (let at = 0; at < last; at++)
        for (const isAfter of [false, true]) {
          const rig = await startDrill({ lagMs: 30_000 });
          rig.dieAt({ at, isAfter });
          await rig.ask();
          let isDeleted = false;
          await rig.run(() => {
            expect(rig.servers().length, `${at} ${isAfter}`).to.be.at.most(1);
            if (!deletes || isDeleted || rig.effects() <= at) return;
            isDeleted = true;
            void rig.client.delete(DROPLETS, 'default/shop-web1');
          });
          const left = [rig.servers().length, rig.firewalls().length, rig.cloud.count('createDroplet') > 1];
          expect(left, `${at} ${isAfter}`).to.deep.equal([0, 0, false]);
          expect([...rig.cloud.droplets.keys()]).to.deep.equal([7]);
          expect(rig.droplet()?.metadata.finalizers ?? []).to.not.include(DRILL_FINALIZER);
        }
    });
});

describe('The sweep of drills’ servers', () => {
  it('lets a drill have its server', async () => {
    const rig = await startDrill();
    await rig.ask();
    while (rig.servers().length === 0) await rig.step();
    await rig.sweep(rig.servers()[0]!.id);
    expect(rig.servers()).to.have.length(1);
  });

  it('destroys one that came late, one whose Droplet is gone, and no other server', async () => {
    const rig = await startDrill();
    const tags = ['dropfleet:fleet', 'dropfleet-api:api', 'dropfleet-nonce:old'];
    const late = rig.cloud.addDroplet({ tags: [...tags, 'dropfleet-drill:uid-shop-web1'] });
    const stray = rig.cloud.addDroplet({ tags: [...tags, 'dropfleet-drill:uid-gone'] });
    const used = rig.cloud.addDroplet({
      tags: [...tags, 'dropfleet-drill:uid-gone', 'dropfleet-uid:uid-gone'],
    });
    for (const { id } of [late, stray, used]) await rig.sweep(id);
    await rig.sweep(7);
    expect([...rig.cloud.droplets.keys()]).to.deep.equal([7, used.id]);
  });

  it('destroys them whatever else was destroyed within ten minutes', async () => {
    const rig = await startDrill();
    const tags = ['dropfleet:fleet', 'dropfleet-api:api', 'dropfleet-drill:uid-gone'];
    const all = [1, 2, 3, 4, 5].map(() => rig.cloud.addDroplet({ tags }).id);
    for (const id of all) await rig.sweep(id);
    expect([...rig.cloud.droplets.keys()]).to.deep.equal([7]);
  });
});
