import { expect } from 'chai';
import { DROPLETS, SERVICE_DEPLOYMENTS } from '../../../../clients/kubernetes/kinds.ts';
import { isConflict } from '../../../../clients/kubernetes/errors.ts';
import { HostUnreachable } from '../../../../clients/ssh/errors.ts';
import { findCondition } from '../../../../crds/conditions.ts';
import type { Droplet } from '../../../../crds/droplet.ts';
import { keyOf } from '../../../../crds/meta.ts';
import { DROPLET_FINALIZER, LOAD_BALANCER_FINALIZER } from '../../../../crds/names.ts';
import type { ServiceDeployment } from '../../../../crds/service-deployment.ts';
import type { Context } from '../../../../reconcilers/context.ts';
import { createHostReconciler } from '../../../../reconcilers/host/reconcile.ts';
import { LOAD_BALANCER } from '../../../../reconcilers/load-balancer/concern.ts';
import { createLoadBalancerReconciler } from '../../../../reconcilers/load-balancer/reconcile.ts';
import type { LbStatus } from '../../../../reconcilers/load-balancer/lb-status.ts';
import { LOAD_BALANCER_SECTION } from '../../../../reconcilers/load-balancer/section.ts';
import { Waiting } from '../../../../reconcilers/outcome.ts';
import { createProbeResults } from '../../../../reconcilers/probe/results.ts';
import { HOST } from '../../../../reconcilers/host/concern.ts';
import { aServer } from '../../../builders/load-balancer.ts';
import { aCondition, aProject, aServiceDeployment, activeStatus } from '../../../builders/objects.ts';
import { rejection } from '../../../fakes/rejection.ts';
import { FIRST, KEY, aConfiguredMachine, fakeHosts } from '../host/host-rig.ts';
import { createRig, ownOf } from '../reconcile-rig.ts';

const { retryMs } = HOST.timings;
const HELD = [DROPLET_FINALIZER, LOAD_BALANCER_FINALIZER];
const site = aServiceDeployment('shop-prod-site', {
  'shop-web1': '10.0.0.3:8123',
  'shop-web2': '10.0.0.4:8123',
});
const conditions = [...activeStatus(7).conditions!, aCondition('Configured', 'True')];

/** A configured master with two webs behind it, reconciled by hand. */
function startMaster(masterStatus: Droplet['status'] = { conditions }, project = aProject('shop')) {
  const machine = aConfiguredMachine();
  const status = { ...activeStatus(7), host: { serverID: 7, keyFingerprint: FIRST }, ...masterStatus };
  const webs = ['shop-web1', 'shop-web2'].map((name, i) =>
    aServer(name, `10.0.0.${i + 3}`, { metadata: { finalizers: HELD } }),
  );
  const rig = createRig([project, aServer('shop-master', '10.0.0.2', { status }), ...webs]);
  const { ssh, hosts: fakes } = fakeHosts();
  const hosts = { ...fakes, probes: createProbeResults(rig.clock) };
  ssh.machines.set(status.server!.publicAddress!, machine);
  const context: Context = { ...rig.context, hosts };
  const deploy = async (...services: ServiceDeployment[]): Promise<void> => {
    for (const old of rig.client.storedAll(SERVICE_DEPLOYMENTS))
      await rig.client.delete(SERVICE_DEPLOYMENTS, keyOf(old));
    for (const service of services) rig.client.seed(service);
  };
  rig.client.seed(site);
  const reconcile = createLoadBalancerReconciler({ ...context, ...ownOf(LOAD_BALANCER) }, hosts);
  const reconcileHost = createHostReconciler(context, hosts);
  const condition = (type: string) =>
    findCondition(rig.client.stored(DROPLETS, KEY)!.status?.conditions, type);
  return {
    ...rig,
    context,
    nginx: machine.nginx,
    ssh,
    condition,
    hosts,
    reconcileHost: () => reconcileHost(KEY, rig.client.stored(DROPLETS, KEY), rig.run),
    reconcile: () => reconcile(KEY, rig.run),
    deploy,
    routed: (name: string) =>
      findCondition(rig.client.stored(SERVICE_DEPLOYMENTS, `default/${name}`)!.status?.conditions, 'Routed'),
    setHealthy: (name: string, healthy: 'True' | 'False') =>
      rig.client.patch(
        DROPLETS,
        `default/${name}`,
        { status: { conditions: [aCondition('Healthy', healthy)] } },
        { subresource: 'status' },
      ),
    suspect: (name: string, healthy: 'True' | 'False', ...suspectedBy: string[]) =>
      rig.client.patch(
        DROPLETS,
        `default/${name}`,
        { status: { conditions: [aCondition('Healthy', healthy)], suspectedBy } },
        { subresource: 'status' },
      ),
    web: (name: string) => rig.client.stored(DROPLETS, `default/${name}`)!,
    commands: () =>
      ssh.commands.splice(0).map(command => command.split(' ')[0]!.replace('dropfleet-lb-', '')),
    upstream: () =>
      [
        ...(
          machine.nginx.folders.get(machine.nginx.current)?.get('services/prod-site.http.conf') ?? ''
        ).matchAll(/server (\S+) max/g),
      ].map(([, address]) => address),
  };
}

describe('Reconciling a load balancer', () => {
  it('gives a new master its configuration at once, and says that it runs', async () => {
    const { commands, condition, reconcile } = startMaster();
    expect(await reconcile()).to.equal(undefined);
    expect(commands()).to.deep.equal(['facts', 'stage', 'activate', 'verify', 'prune']);
    expect(condition('LoadBalancerReady')).to.include({ status: 'True', reason: 'Ok' });
    expect(condition('LoadBalancerReady')!.message).to.match(
      /^nginx runs configuration [0-9a-f]{12}: 1 of 1 web/,
    );
    expect(condition('Ready')).to.include({ status: 'False', reason: 'Connecting' });
  });

  it('says of each service whether requests reach it', async () => {
    const { deploy, reconcile, routed, setHealthy } = startMaster();
    await setHealthy('shop-web2', 'False');
    await deploy(site, aServiceDeployment('shop-uat-site'));
    await reconcile();
    expect(routed('shop-prod-site')).to.include({
      status: 'True',
      message: '1 of 2 servers in rotation at /shop/prod/site/',
    });
    expect(routed('shop-uat-site')).to.include({ status: 'False', reason: 'NoServer' });
  });

  it('tells a service that asks for a host name of another, in its condition, in an event and in /lb-status', async () => {
    const { deploy, events, nginx, reconcile, routed } = startMaster();
    const spec = { domains: ['shop.example.com'] };
    const endpoints = { 'shop-web1': '10.0.0.3:8123' };
    const [first, second] = ['shop-prod-site', 'shop-uat-site'].map(name =>
      aServiceDeployment(name, endpoints, { spec }),
    );
    await deploy(first!, second!);
    await reconcile();
    await reconcile();
    const taken = 'domain shop.example.com is already used by service shop-prod-site';
    expect(routed('shop-prod-site')).to.include({ status: 'True', reason: 'Routed' });
    expect(routed('shop-uat-site')).to.include({
      status: 'True',
      reason: 'DomainTaken',
      message: `1 of 1 servers in rotation at /shop/uat/site/; ${taken}; remove it from one of them`,
    });
    expect(events.filter(event => event.startsWith('DomainTaken'))).to.deep.equal([
      'DomainTaken shop-uat-site',
    ]);
    const status = JSON.parse(nginx.folders.get(nginx.current)!.get('lb-status.json')!) as LbStatus;
    expect(status.projects[0]!.services.map(({ message }) => message)).to.deep.equal([undefined, taken]);
  });

  it('costs one command and no write while nothing changes', async () => {
    const { client, commands, reconcile } = startMaster();
    await reconcile();
    commands();
    client.calls.length = 0;
    await reconcile();
    expect([commands(), client.writes()]).to.deep.equal([['facts'], []]);
  });

  it('costs no command of its own when the probe of the host has just told', async () => {
    const { clock, commands, nginx, reconcile, reconcileHost } = startMaster();
    await reconcile();
    await clock.advance(1);
    commands();
    await reconcileHost();
    await reconcile();
    expect(commands()).to.deep.equal(['dropfleet-probe']);

    nginx.running = '';
    await reconcileHost();
    await reconcile();
    expect(commands()).to.deep.equal(['dropfleet-probe', 'activate', 'verify']);
  });

  it('is woken by what a probe told that is news, and by nothing else', async () => {
    const { hosts, nginx, reconcileHost } = startMaster();
    const woken: string[] = [];
    hosts.probes.of(LOAD_BALANCER_SECTION).subscribe(key => woken.push(key));
    for (let n = 0; n < 3; n++) await reconcileHost();
    expect(woken).to.deep.equal([KEY]);
    nginx.version = 'nginx version: nginx/1.28.0';
    await reconcileHost();
    expect(woken).to.deep.equal([KEY, KEY]);
  });

  it('asks for itself when the last probe was a while ago', async () => {
    const { clock, commands, reconcile, reconcileHost } = startMaster();
    await reconcile();
    await clock.advance(1);
    await reconcileHost();
    await clock.advance(10_001);
    commands();
    await reconcile();
    expect(commands()).to.deep.equal(['facts']);
  });

  it('does not believe a probe that is older than the last change', async () => {
    const { commands, deploy, reconcileHost, reconcile, clock } = startMaster();
    await reconcileHost();
    await reconcile();
    expect(commands().at(-1)).to.equal('prune');
    await deploy();
    await reconcileHost();
    await reconcile();
    await clock.advance(2_000);
    await reconcile();
    expect(commands().filter(name => name === 'facts')).to.have.length(2);
  });

  it('tries a refused service again after ten minutes, though nothing wakes it', async () => {
    const { clock, deploy, nginx, reconcile, routed } = startMaster();
    await deploy(site, aServiceDeployment('shop-prod-api', { 'shop-web1': '10.0.0.3:9999' }));
    nginx.refusedText = '10.0.0.3:9999';
    const outcome = await reconcile();
    expect(outcome).to.deep.equal({ requeueAfterMs: 600_000 });
    nginx.refusedText = undefined;
    await clock.advance(outcome!.requeueAfterMs);
    await clock.advance((await reconcile())!.requeueAfterMs);
    await reconcile();
    expect(routed('shop-prod-api')).to.include({ status: 'True' });
  });

  for (const [what, start] of Object.entries({
    'before the master was configured': () => startMaster({ conditions: activeStatus(7).conditions! }),
    'while the project is suspended': () =>
      startMaster({ conditions }, aProject('shop', { spec: { suspend: true } })),
  }))
    it(`does nothing ${what}`, async () => {
      const { client, commands, reconcile } = start();
      expect(await reconcile()).to.equal(undefined);
      expect([commands(), client.writes()]).to.deep.equal([[], []]);
    });

  it('goes on with the routes of a master that fell behind in its configuration later', async () => {
    const { commands, reconcile } = startMaster({
      conditions: [
        ...activeStatus(7).conditions!,
        aCondition('Configured', 'False'),
        aCondition('LoadBalancerReady', 'True'),
      ],
    });
    await reconcile();
    expect(commands()).to.include('activate');
  });

  it('lets changes within two seconds share one reload', async () => {
    const { clock, commands, deploy, reconcile } = startMaster();
    await reconcile();
    commands();
    await deploy(aServiceDeployment('shop-prod-site', { 'shop-web1': '10.0.0.3:8124' }));
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: 2_000 });
    await clock.advance(1_200);
    await deploy(aServiceDeployment('shop-prod-site', { 'shop-web1': '10.0.0.3:8125' }));
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: 800 });
    await clock.advance(800);
    await reconcile();
    expect(commands().filter(name => name === 'activate')).to.have.length(1);
  });

  it('takes a server out that fails its health, and puts it back', async () => {
    const { clock, reconcile, setHealthy, upstream } = startMaster();
    await reconcile();
    for (const healthy of ['False', 'True'] as const) {
      await setHealthy('shop-web2', healthy);
      await reconcile();
      await clock.advance(2_000);
      await reconcile();
      expect(upstream()).to.have.length(healthy === 'True' ? 2 : 1);
    }
  });

  it('closes the connections to a server that a quorum and the master cannot reach, once', async () => {
    const { clock, commands, nginx, reconcile, suspect } = startMaster();
    const settle = async (): Promise<void> => {
      await reconcile();
      await clock.advance(2_000);
      await reconcile();
    };
    nginx.connections.set('10.0.0.4', 3);
    await suspect('shop-web2', 'False', 'shop-master', 'witness');
    await settle();
    expect(commands()).to.deep.equal(['facts', 'stage', 'activate', 'verify', 'prune', 'cut', 'facts']);
    await suspect('shop-web2', 'True');
    await settle();
    commands();
    await suspect('shop-web2', 'False', 'shop-master', 'witness');
    await settle();
    expect(commands(), 'another time').to.include('cut');
  });

  it('closes none because of one word alone, nor where the master itself has answers', async () => {
    const { commands, reconcile, suspect } = startMaster();
    await suspect('shop-web2', 'True', 'shop-master');
    await reconcile();
    expect(commands()).not.to.include('cut');
    await suspect('shop-web2', 'False', 'shop-web1', 'witness');
    await reconcile();
    expect(commands()).not.to.include('cut');
  });

  it('closes none to the last servers that are left, whatever is said of them', async () => {
    const { commands, reconcile, suspect } = startMaster();
    for (const web of ['shop-web1', 'shop-web2']) await suspect(web, 'False', 'shop-master', 'witness');
    await reconcile();
    expect(commands()).not.to.include('cut');
  });

  it('looks again soon while the kernel of such a server answers', async () => {
    const { commands, reconcile, nginx, suspect } = startMaster();
    Object.assign(nginx, { cutting: 'answers' });
    nginx.connections.set('10.0.0.4', 3);
    await suspect('shop-web2', 'False', 'shop-master', 'witness');
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: 10_000 });
    nginx.cutting = 'cut';
    expect(await reconcile()).to.equal(undefined);
    expect(commands()).to.deep.equal([
      'facts',
      'stage',
      'activate',
      'verify',
      'prune',
      'cut',
      'facts',
      'cut',
    ]);
  });

  it('says so where the kernel of the master cannot close connections, and goes on', async () => {
    const { events, reconcile, nginx, suspect } = startMaster();
    Object.assign(nginx, { cutting: 'kept' });
    nginx.connections.set('10.0.0.4', 3);
    await suspect('shop-web2', 'False', 'shop-master', 'witness');
    expect(await reconcile()).to.equal(undefined);
    expect(events.filter(event => event.startsWith('ConnectionsKept'))).to.have.length(1);
  });

  it('keeps a server out ever longer whose health goes to and fro: no reload each time', async () => {
    const { clock, commands, reconcile, setHealthy } = startMaster();
    await reconcile();
    commands();
    for (let second = 0; second < 600; second += 5) {
      await setHealthy('shop-web2', second % 10 === 0 ? 'False' : 'True');
      await reconcile();
      await clock.advance(2_000);
      await reconcile();
      await clock.advance(3_000);
    }
    expect(commands().filter(name => name === 'activate')).to.have.length.within(1, 4);
    await setHealthy('shop-web2', 'True');
    const outcome = await reconcile();
    expect(outcome!.requeueAfterMs).to.be.at.most(300_000).and.at.least(1);
  });

  it('leaves a refused service out, names it in the condition and in an event, and stays ready', async () => {
    const { condition, deploy, events, nginx, reconcile, routed } = startMaster();
    await deploy(site, aServiceDeployment('shop-prod-api', { 'shop-web1': '10.0.0.3:9999' }));
    nginx.refusedText = '10.0.0.3:9999';
    await reconcile();
    expect(condition('LoadBalancerReady')).to.include({ status: 'True', reason: 'ServiceQuarantined' });
    expect(condition('LoadBalancerReady')!.message).to.contain('shop-prod-api (unknown "10.0.0.3:9999"');
    expect(events).to.include('Quarantined shop-prod-api');
    expect(routed('shop-prod-api')).to.include({ status: 'False', reason: 'Quarantined' });
    events.length = 0;
    await reconcile();
    expect(events).to.deep.equal([]);
  });

  describe('that webs come to and go from', () => {
    /** A master that balances to both, of which the second is then deleted. */
    async function startLeaving() {
      const rig = startMaster();
      await rig.reconcile();
      await rig.client.delete(DROPLETS, 'default/shop-web2');
      const status = { phase: 'Draining' };
      await rig.client.patch(DROPLETS, 'default/shop-web2', { status }, { subresource: 'status' });
      expect(await rig.reconcile()).to.deep.equal({ requeueAfterMs: 2_000 });
      await rig.clock.advance(2_000);
      rig.commands();
      rig.client.calls.length = 0;
      const isRegistered = (): boolean =>
        rig.web('shop-web2').metadata.finalizers!.includes(LOAD_BALANCER_FINALIZER);
      return { ...rig, isRegistered };
    }

    it('registers a web before the first request can reach it', async () => {
      const { client, commands, reconcile, web } = startMaster();
      await client.patch(DROPLETS, 'default/shop-web1', { metadata: { finalizers: [DROPLET_FINALIZER] } });
      client.failNext('patch', new Error('the API is away'), { kind: 'Droplet' });
      await rejection(reconcile());
      expect(commands()).to.deep.equal([]);
      await reconcile();
      expect(web('shop-web1').metadata.finalizers).to.deep.equal(HELD);
    });

    it('registers none by what the cache showed before somebody deleted it', async () => {
      const { client, commands, context, reconcile } = startMaster();
      await client.patch(DROPLETS, 'default/shop-web1', { metadata: { finalizers: [DROPLET_FINALIZER] } });
      const old = client.storedAll(DROPLETS);
      context.droplets.byIndex = () => old;
      await client.delete(DROPLETS, 'default/shop-web1');
      expect(isConflict(await rejection(reconcile()))).to.equal(true);
      expect(commands()).to.deep.equal([]);
    });

    it('deregisters a web when no old worker is left, and looks no sooner than workers know that they are old', async () => {
      const { clock, commands, events, isRegistered, reconcile } = await startLeaving();
      expect(await reconcile()).to.deep.equal({ requeueAfterMs: 1_000 });
      expect(commands()).to.deep.equal(['facts', 'stage', 'activate', 'verify', 'prune']);
      await clock.advance(1_000);
      expect(await reconcile()).to.equal(undefined);
      expect(commands()).to.deep.equal(['facts', 'drain']);
      expect([isRegistered(), events.includes('Drained shop-web2')]).to.deep.equal([false, true]);
      await reconcile();
      expect(commands()).to.deep.equal(['facts']);
    });

    it('keeps it while an old worker has a request under way, and asks again soon', async () => {
      const { clock, isRegistered, nginx, reconcile } = await startLeaving();
      [nginx.oldWorkers, nginx.connections] = [1, new Map([['10.0.0.4', 1]])];
      await reconcile();
      await clock.advance(60_000);
      expect(await reconcile()).to.deep.equal({ requeueAfterMs: retryMs });
      expect(isRegistered()).to.equal(true);
    });

    it('lets it go when what keeps old workers is not its own', async () => {
      const { clock, isRegistered, nginx, reconcile } = await startLeaving();
      nginx.oldWorkers = 1;
      await reconcile();
      await clock.advance(44_999);
      await reconcile();
      expect(isRegistered(), 'a connection that was kept may still bring a request').to.equal(true);
      await clock.advance(1);
      await reconcile();
      expect(isRegistered()).to.equal(false);
    });

    it('keeps it when nginx does not take the configuration without it', async () => {
      const { clock, commands, isRegistered, nginx, reconcile } = await startLeaving();
      nginx.isStuck = true;
      for (let n = 0; n < 3; n++) {
        await rejection(reconcile());
        await clock.advance(10_000);
      }
      expect(isRegistered()).to.equal(true);
      expect(commands()).to.not.include('drain');
    });

    it('takes no silence for an end', async () => {
      const { clock, isRegistered, reconcile, ssh } = await startLeaving();
      await reconcile();
      await clock.advance(1_000);
      ssh.failNext('dropfleet-lb-drain', { code: 1, stderr: 'there is no pgrep' });
      expect(await reconcile()).to.deep.equal({ requeueAfterMs: retryMs });
      expect(isRegistered()).to.equal(true);
    });

    it('lets a web go that no service is on any more', async () => {
      const { clock, deploy, reconcile, web } = startMaster();
      await reconcile();
      await deploy(aServiceDeployment('shop-prod-site', { 'shop-web1': '10.0.0.3:8123' }));
      for (let n = 0; n < 3; n++) {
        await reconcile();
        await clock.advance(2_000);
      }
      expect(web('shop-web1').metadata.finalizers).to.deep.equal(HELD);
      expect(web('shop-web2').metadata.finalizers).to.deep.equal([DROPLET_FINALIZER]);
    });
  });

  describe('in trouble', () => {
    it('says that the disk is full and what to do, asks ever more slowly, and goes on by itself', async () => {
      const { condition, nginx, reconcile } = startMaster();
      nginx.isDiskFull = true;
      expect(await rejection(reconcile()))
        .to.be.instanceOf(Waiting)
        .and.include({ afterMs: retryMs });
      expect(condition('LoadBalancerReady')).to.include({ status: 'False', reason: 'NotWritten' });
      expect(condition('LoadBalancerReady')!.message).to.match(
        /No space left on device\)\. Make room on shop-master: "dropfleet ssh shop-master"/,
      );
      expect(await rejection(reconcile())).to.include({ afterMs: 2 * retryMs });
      nginx.isDiskFull = false;
      await reconcile();
      expect(condition('LoadBalancerReady')).to.include({ status: 'True' });
    });

    it('says that nginx is not there yet', async () => {
      const { condition, nginx, reconcile } = startMaster();
      nginx.version = 'sh: 1: nginx: not found';
      await rejection(reconcile());
      expect(condition('LoadBalancerReady')).to.include({ status: 'False', reason: 'NotInstalled' });
    });

    it('puts back what served when nginx cannot run what it tested well', async () => {
      const { clock, condition, deploy, nginx, reconcile } = startMaster();
      await reconcile();
      const before = nginx.current;
      nginx.isStuck = true;
      await deploy();
      await reconcile();
      await clock.advance(2_000);
      expect(await rejection(reconcile())).to.be.instanceOf(Waiting);
      expect(nginx.current).to.equal(before);
      expect(condition('LoadBalancerReady')!.message).to.match(
        /bind\(\) failed.*configuration restored.*journalctl -u nginx/,
      );
    });

    it('leaves it to the host controller to say that the host cannot be reached', async () => {
      const { client, reconcile, ssh } = startMaster();
      ssh.failNext('dropfleet-lb-facts', new HostUnreachable('nobody answers'));
      expect(await rejection(reconcile()))
        .to.be.instanceOf(Waiting)
        .and.include({ afterMs: retryMs });
      expect(client.writes().map(({ kind }) => kind)).not.to.include('Droplet');
    });
  });
});
