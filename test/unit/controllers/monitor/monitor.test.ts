import { expect } from 'chai';
import { DROPLETS, LEASES } from '../../../../clients/kubernetes/kinds.ts';
import type { HostAccess } from '../../../../clients/ssh/ssh.ts';
import { SecretText } from '../../../../config/secret-text.ts';
import { readVote, voteLease } from '../../../../reconcilers/health/vote.ts';
import { vouchLease } from '../../../../reconcilers/health/vouch.ts';
import { heartbeatLease, readHeartbeat } from '../../../../reconcilers/monitor/heartbeat.ts';
import { activeStatus, aDroplet } from '../../../builders/objects.ts';
import {
  address,
  createMonitorRig,
  pass,
  servers,
  stallable,
  type MonitorRig,
} from '../../../environment/monitor-rig.ts';

describe('A monitor', () => {
  let rig: MonitorRig;
  const open = (count: number): MonitorRig => (rig = createMonitorRig(count));
  afterEach(() => rig.close());

  it('writes nothing but its heartbeat, every 10 s, while all are well', async () => {
    const { clock, kubernetes, network } = open(4);
    await rig.start('m1');
    await pass(clock, 60_000);
    expect(rig.votes()).to.deep.equal([]);
    expect(kubernetes.writes().map(({ key }) => key)).to.deep.equal(Array(6 + 1).fill('default/monitor-m1'));
    expect(new Set(network.asked.map(line => line.split(' ').slice(0, 2).join(' '))).size).to.equal(9);
    expect(rig.transitions).to.deep.equal([]);
  });

  it('looks by the key of the moment, once another has taken its place', async () => {
    const { clock, network } = open(2);
    let key = 'old';
    const used: string[] = [];
    const ssh = {
      ...network,
      host: (access: HostAccess) => (used.push(access.privateKey.reveal()), network.host(access)),
    };
    await rig.start('m1', {
      hosts: {
        ssh,
        port: 22,
        get privateKey() {
          return new SecretText(key);
        },
      },
    });
    await pass(clock, 20_000);
    expect([...new Set(used.splice(0))]).to.deep.equal(['old']);
    key = 'new';
    await pass(clock, 20_000);
    expect([...new Set(used)]).to.deep.equal(['new']);
  });

  it('votes against a dead web, from the master and from the neighbour, within 17 s, and renews it', async () => {
    const { clock, network, kubernetes } = open(4);
    await rig.start('m1');
    await pass(clock, 20_000);
    network.dead.add(address(3));
    await pass(clock, 10_500);
    expect(rig.votes()).to.deep.equal([]);
    await pass(clock, 6_750);
    expect(rig.votes()).to.deep.equal(['master web2', 'web1 web2']);
    const [first] = kubernetes.storedAll(LEASES).flatMap(lease => readVote(lease) ?? []);
    await pass(clock, 60_000);
    const [last] = kubernetes.storedAll(LEASES).flatMap(lease => readVote(lease) ?? []);
    expect(last!.failingSince).to.equal(first!.failingSince);
    expect(clock.now() - last!.renewedAt).to.be.below(12_500);
    const writes = kubernetes.writes().filter(({ key }) => key === 'default/vote-3-shop-master');
    expect(writes.length).to.be.within(6, 8);
  });

  it('takes a vote back after two answers', async () => {
    const { clock, network } = open(4);
    await rig.start('m1');
    network.dead.add(address(3));
    await pass(clock, 30_000);
    network.dead.delete(address(3));
    await pass(clock, 14_000);
    expect(rig.votes()).to.deep.equal([]);
    expect(rig.transitions).to.include.members(['master web2 fails', 'master web2 well']);
  });

  it('has one vote only of a partition between a master and one web, and a vouch against it', async () => {
    const { clock, network } = open(4);
    await rig.start('m1');
    network.cuts.add(`${address(1)} ${address(3)}`);
    await pass(clock, 40_000);
    expect(rig.votes()).to.deep.equal(['master web2']);
    expect(rig.vouches()).to.deep.equal([3]);
    network.cuts.clear();
    await pass(clock, 40_000);
    expect([rig.votes(), rig.vouches()]).to.deep.equal([[], []]);
  });

  it('vouches for nobody who does not answer it', async () => {
    const { clock, network } = open(4);
    await rig.start('m1');
    network.dead.add(address(3));
    await pass(clock, 40_000);
    expect(rig.vouches()).to.deep.equal([]);
  });

  it('abstains from a server that it cannot get into, and whose votes it takes back', async () => {
    const { clock, network } = open(4);
    await rig.start('m1');
    network.cuts.add(`${address(1)} ${address(3)}`);
    await pass(clock, 30_000);
    expect(rig.votes()).to.deep.equal(['master web2']);
    network.closed.add(address(1));
    await pass(clock, 30_000);
    expect(rig.votes()).to.deep.equal([]);
    expect(rig.transitions).to.include('master web2 abstains');
  });

  it('abstains from a server that reaches nobody at all', async () => {
    const { clock, network } = open(4);
    await rig.start('m1');
    for (const other of [1, 2, 4]) network.cuts.add(`${address(3)} ${address(other)}`);
    await pass(clock, 40_000);
    expect(rig.votes()).to.deep.equal([]);
    expect(rig.transitions).to.have.members(['web2 master abstains', 'web2 web3 abstains']);
  });

  it('votes in a project of two, where there is no other to ask', async () => {
    const { clock, network } = open(2);
    await rig.start('m1');
    network.dead.add(address(2));
    await pass(clock, 20_000);
    expect(rig.votes()).to.deep.equal(['master web1']);
  });

  it('goes on looking while the API does not answer, and says afterwards only what is so then', async () => {
    const { clock, kubernetes, network } = open(4);
    const stalled = stallable(kubernetes);
    await rig.start('m1', { kubernetes: stalled.client });
    await pass(clock, 15_000);
    stalled.isStalled = true;
    network.dead.add(address(3));
    network.asked.length = 0;
    await pass(clock, 60_000);
    expect(network.asked.filter(line => line.startsWith(`${address(1)} ${address(3)} `)).length).to.be.within(
      10,
      14,
    );
    network.dead.delete(address(3));
    await pass(clock, 15_000);
    const before = kubernetes.writes().length;
    stalled.isStalled = false;
    await pass(clock, 30_000);
    const late = kubernetes.writes().slice(before);
    expect(late.map(({ key }) => key)).to.deep.equal(Array(late.length).fill('default/monitor-m1'));
    expect(late.length).to.be.within(2, 4);
  });

  it('removes the votes of its server about a server that was replaced', async () => {
    const { clock, kubernetes, network } = open(4);
    await rig.start('m1');
    network.dead.add(address(3));
    await pass(clock, 20_000);
    expect(rig.votes()).to.have.length(2);
    const [, , web2] = servers(4);
    await kubernetes.patch(
      DROPLETS,
      'default/shop-web2',
      { status: { ...web2!.status, server: { ...web2!.status!.server, id: 33 } } },
      { subresource: 'status' },
    );
    await pass(clock, 3_000);
    expect(rig.votes()).to.deep.equal([]);
  });

  it('shares with the others, each server being acted for by one, and takes over from one that died', async () => {
    const { clock, kubernetes, network } = open(4);
    const dies = stallable(kubernetes);
    await rig.start('m1');
    await rig.start('m2', { kubernetes: dies.client });
    await pass(clock, 5_000);
    network.asked.length = 0;
    await pass(clock, 60_000);
    const looks = network.asked.filter(line => line.startsWith(`${address(1)} ${address(2)} `)).length;
    expect(looks).to.be.within(10, 14);
    const live = kubernetes.storedAll(LEASES).flatMap(lease => readHeartbeat(lease)?.name ?? []);
    expect(live).to.have.members(['m1', 'm2']);
    dies.isStalled = true;
    await pass(clock, 45_000);
    network.dead.add(address(3));
    await pass(clock, 17_500);
    expect(rig.votes()).to.deep.equal(['master web2', 'web1 web2']);
    await pass(clock, 330_000);
    const left = kubernetes.storedAll(LEASES).flatMap(lease => readHeartbeat(lease)?.name ?? []);
    expect(left).to.deep.equal(['m1']);
  });

  it('removes the heartbeats and vouches of those that died, and leaves their votes to the operator', async () => {
    const { clock, kubernetes } = open(2);
    // Of a project that nobody acts for any more.
    const gone = aDroplet('blog-web1', { status: activeStatus(99) });
    const about = { target: 'default/blog-web1', project: 'blog', dropletID: 99 };
    const vote = { ...about, observer: 'blog-master', failingSince: 0, renewedAt: 0, flaps: 0 };
    kubernetes.seed(voteLease(vote, 'default', gone));
    kubernetes.seed(vouchLease({ ...about, monitor: 'm0', renewedAt: 0 }, 'default', gone));
    const dead = { name: 'm0', pinned: undefined };
    kubernetes.seed(heartbeatLease(dead, { namespace: 'default', startedAt: 0, now: 0 }));
    await rig.start('m1');
    await pass(clock, 320_000);
    expect(kubernetes.storedAll(LEASES).map(({ metadata }) => metadata.name)).to.have.members([
      'monitor-m1',
      'vote-99-blog-master',
    ]);
  });

  it('acts for the droplets that it was told, and leaves no heartbeat when it stops', async () => {
    const { clock, kubernetes, network } = open(4);
    await rig.start('m1', { pinned: ['default/shop-web1'] });
    await pass(clock, 20_000);
    expect(new Set(network.asked)).to.deep.equal(
      new Set([`${address(2)} ${address(1)} 22`, `${address(2)} ${address(3)} 22`]),
    );
    rig.stop.abort(new Error('enough'));
    await clock.advance(100);
    expect(kubernetes.storedAll(LEASES)).to.deep.equal([]);
  });

  it('counts its probes, its votes, and who abstains', async () => {
    const { clock, network } = open(4);
    await rig.start('m1');
    network.dead.add(address(3));
    await pass(clock, 30_000);
    const metrics = await rig.registry.metrics();
    expect(metrics).to.match(/dropfleet_monitor_probes_total\{result="silent"\} \d/);
    expect(metrics).to.match(/dropfleet_monitor_votes_total\{result="written"\} \d/);
    expect(metrics).to.contain('dropfleet_monitor_pairs{stance="fails"} 2');
    expect(metrics).to.contain('dropfleet_monitor_pairs{stance="abstains"} 2');
  });
});
