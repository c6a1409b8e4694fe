import { expect } from 'chai';
import type { CloudFirewall } from '../../../clients/digitalocean/cloud.ts';
import { CONFIG_MAPS } from '../../../clients/kubernetes/kinds.ts';
import { findCondition } from '../../../crds/conditions.ts';
import { ADMIN_ACCESS_CONFIG_MAP } from '../../../crds/names.ts';
import { describeOnApiServers } from '../../environment/api-server.ts';
import {
  ADMIN_IP,
  OPERATOR_ADDRESS,
  openOperatorWorld,
  type OperatorWorld,
  type RunningOperator,
} from '../../environment/operator-world.ts';

const BOTH = ['dropfleet.test.shop.master', 'dropfleet.test.shop.web'];

describeOnApiServers('Firewalls', server => {
  let world: OperatorWorld;
  let operator: RunningOperator;

  const called = (operation: string): number => world.sandbox.ledger.countBy()[operation] ?? 0;
  const names = async (): Promise<string[]> =>
    (await world.owner.listFirewalls()).map(({ name }) => name).toSorted();
  const web = async (): Promise<CloudFirewall> =>
    (await world.owner.listFirewalls()).find(({ name }) => name === BOTH[1])!;
  const admins = async (): Promise<readonly string[]> => (await web()).inbound[0]!.addresses;
  /** Resolves once the operator has made that many more calls than before. */
  const afterCalls = async (operation: string, work: () => Promise<unknown>, times = 1): Promise<void> => {
    const before = called(operation);
    await work();
    await world.until(`${times} more ${operation}`, () => called(operation) >= before + times);
  };

  before(async () => {
    world = await openOperatorWorld(server());
    // The reply to the first is lost.
    world.sandbox.faults.set({ gatewayTimeout: { next: 1, operation: 'firewalls.create' } });
    await world.writeCsv('shop,2,,');
    operator = world.startOperator({ firewalls: true });
    await world.untilReady('shop', 2);
  });
  after(() => world.close());

  it('are one for each role, also when a reply is lost', async () => {
    await world.until('FirewallReady', () => {
      const ready = findCondition(world.project('shop')?.status?.conditions, 'FirewallReady');
      return ready?.status === 'True';
    });
    expect(await names()).to.deep.equal(BOTH);
    expect(await admins()).to.deep.equal([OPERATOR_ADDRESS, ADMIN_IP].toSorted());
  });

  it('are as the cloud spells them: nothing is put right that is right', async () => {
    const before = called('firewalls.update');
    await afterCalls('firewalls.list', () => Promise.resolve(), 3);
    expect(called('firewalls.update')).to.equal(before);
  });

  it('are put right when somebody opens them by hand', async () => {
    const right = await web();
    const open = { ...right.inbound[0]!, ports: '3306', addresses: ['0.0.0.0/0'] };
    await afterCalls(
      'firewalls.update',
      () => world.owner.updateFirewall(right.id, { ...right, inbound: [...right.inbound, open] }),
      2,
    );
    expect(await web()).to.deep.equal(right);
  });

  it('are recreated when somebody deletes them', async () => {
    await afterCalls('firewalls.create', async () => world.owner.deleteFirewall((await web()).id));
    expect(await names()).to.deep.equal(BOTH);
  });

  it('protect a server again whose tag somebody took off', async () => {
    const { id } = world.droplet('shop-web1')!.status!.server!;
    const tag = 'dropfleet:test:shop:web';
    await afterCalls('tags.tagResources', async () => {
      await fetch(`${world.sandbox.url}/v2/tags/${tag}/resources`, {
        method: 'DELETE',
        headers: { authorization: 'Bearer owner', 'content-type': 'application/json' },
        body: JSON.stringify({ resources: [{ resource_id: String(id), resource_type: 'droplet' }] }),
      });
    });
    expect((await world.owner.getDroplet(id!)).tags).to.include(tag);
  });

  it('follow update-ip at once', async () => {
    const metadata = { name: ADMIN_ACCESS_CONFIG_MAP, namespace: world.namespace };
    const data = { adminIp: '198.51.100.8', replaces: ADMIN_IP };
    await afterCalls(
      'firewalls.update',
      () => world.kubernetes.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }),
      2,
    );
    expect(await admins()).to.deep.equal(['198.51.100.8', OPERATOR_ADDRESS]);
  });

  it('go with the last server that they protect, and with the project', async () => {
    await afterCalls('firewalls.delete', () => world.writeCsv('shop,1,,'));
    expect(await names()).to.deep.equal([BOTH[0]]);
    await afterCalls('firewalls.delete', () => world.writeCsv('blog,1,,'));
    await world.untilReady('blog', 1);
    expect(await names()).to.deep.equal(['dropfleet.test.blog.master']);
  });

  it('go also when no operator saw their project go', async () => {
    await operator.stop();
    const [firewall] = await world.owner.listFirewalls();
    const name = 'dropfleet.test.lost.web';
    const tags = ['dropfleet:test'];
    await world.owner.createFirewall({ ...firewall!, name, tags });
    const next = world.startOperator({ firewalls: true });
    await afterCalls('firewalls.delete', () => Promise.resolve());
    expect(await names()).not.to.include(name);
    await next.stop();
  });
});
