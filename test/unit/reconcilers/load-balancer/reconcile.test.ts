import { expect } from 'chai';
import { DROPLETS, SERVICE_DEPLOYMENTS } from '../../../../clients/kubernetes/kinds.ts';
import { HostUnreachable } from '../../../../clients/ssh/errors.ts';
import { findCondition } from '../../../../crds/conditions.ts';
import type { Droplet } from '../../../../crds/droplet.ts';
import { keyOf } from '../../../../crds/meta.ts';
import type { ServiceDeployment } from '../../../../crds/service-deployment.ts';
import type { Context } from '../../../../reconcilers/context.ts';
import { createHostReconciler } from '../../../../reconcilers/host/reconcile.ts';
import { createLoadBalancerReconciler } from '../../../../reconcilers/load-balancer/reconcile.ts';
import { createSightings } from '../../../../reconcilers/load-balancer/sightings.ts';
import { Waiting } from '../../../../reconcilers/outcome.ts';
import { DEFAULT_HOST_TIMINGS } from '../../../../reconcilers/timings.ts';
import { aServer } from '../../../builders/load-balancer.ts';
import { aCondition, aProject, aServiceDeployment, activeStatus } from '../../../builders/objects.ts';
import { rejection } from '../../../fakes/rejection.ts';
import { FIRST, KEY, aConfiguredMachine, fakeHosts } from '../host/host-rig.ts';
import { createRig } from '../reconcile-rig.ts';

const { retryMs } = DEFAULT_HOST_TIMINGS;
const site = aServiceDeployment('shop-prod-site', {
  'shop-web1': '10.0.0.3:8123',
  'shop-web2': '10.0.0.4:8123',
});
const conditions = [...activeStatus(7).conditions!, aCondition('Configured', 'True')];

/** A configured master with two webs behind it, reconciled by hand. */
function startMaster(masterStatus: Droplet['status'] = { conditions }, project = aProject('shop')) {
  const machine = aConfiguredMachine();
  const status = { ...activeStatus(7), hostKeyFingerprint: FIRST, ...masterStatus };
  const webs = new Map(
    ['shop-web1', 'shop-web2'].map((name, i) => [name, aServer(name, `10.0.0.${i + 3}`)] as const),
  );
  const rig = createRig([project, aServer('shop-master', '10.0.0.2', { status })]);
  const { ssh, hosts: fakes } = fakeHosts();
  const hosts = { ...fakes, loadBalancers: createSightings(rig.clock) };
  ssh.machines.set(status.publicAddress!, machine);
  const droplets: Context['droplets'] = {
    ...rig.context.droplets,
    byIndex: () => [...rig.client.storedAll(DROPLETS), ...webs.values()],
  };
  const context: Context = { ...rig.context, droplets, hosts };
  const deploy = async (...services: ServiceDeployment[]): Promise<void> => {
    for (const old of rig.client.storedAll(SERVICE_DEPLOYMENTS))
      await rig.client.delete(SERVICE_DEPLOYMENTS, keyOf(old));
    for (const service of services) rig.client.seed(service);
  };
  rig.client.seed(site);
  const reconcile = createLoadBalancerReconciler(context, hosts, {
    list: () => rig.client.storedAll(SERVICE_DEPLOYMENTS),
  });
  const lookAtHost = createHostReconciler(context, hosts);
  const condition = (type: string) =>
    findCondition(rig.client.stored(DROPLETS, KEY)!.status?.conditions, type);
  return {
    ...rig,
    nginx: machine.nginx,
    ssh,
    condition,
    hosts,
    lookAtHost: () => lookAtHost(KEY, rig.client.stored(DROPLETS, KEY), rig.run),
    reconcile: () => reconcile(KEY, rig.run),
    deploy,
    routed: (name: string) =>
      findCondition(rig.client.stored(SERVICE_DEPLOYMENTS, `default/${name}`)!.status?.conditions, 'Routed'),
    setHealthy: (name: string, healthy: 'True' | 'False') =>
      void webs.set(
        name,
        aServer(name, webs.get(name)!.status!.privateAddress!, {
          status: { conditions: [aCondition('Healthy', healthy)] },
        }),
      ),
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
    setHealthy('shop-web2', 'False');
    await deploy(site, aServiceDeployment('shop-uat-site'));
    await reconcile();
    expect(routed('shop-prod-site')).to.include({
      status: 'True',
      message: '1 of 2 servers take requests at /shop/prod/site/',
    });
    expect(routed('shop-uat-site')).to.include({ status: 'False', reason: 'NoServer' });
  });

  it('costs one command and no write while nothing changes', async () => {
    const { client, commands, reconcile } = startMaster();
    await reconcile();
    commands();
    client.calls.length = 0;
    await reconcile();
    expect([commands(), client.writes()]).to.deep.equal([['facts'], []]);
  });

  it('costs no command of its own when the regular look at the host has just told', async () => {
    const { clock, commands, hosts, lookAtHost, nginx, reconcile } = startMaster();
    await reconcile();
    await clock.advance(1);
    commands();
    const woken: string[] = [];
    hosts.loadBalancers.subscribe(key => woken.push(key));
    await lookAtHost();
    await reconcile();
    expect([commands(), woken]).to.deep.equal([['dropfleet-facts'], [KEY]]);

    nginx.running = '';
    await lookAtHost();
    await reconcile();
    expect(commands()).to.deep.equal(['dropfleet-facts', 'activate', 'verify']);
  });

  it('does not believe a look that is older than the last change', async () => {
    const { commands, deploy, lookAtHost, reconcile, clock } = startMaster();
    await lookAtHost();
    await reconcile();
    expect(commands().at(-1)).to.equal('prune');
    await deploy();
    await lookAtHost();
    await reconcile();
    await clock.advance(2_000);
    await reconcile();
    expect(commands().filter(name => name === 'facts')).to.have.length(2);
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
      setHealthy('shop-web2', healthy);
      await reconcile();
      await clock.advance(2_000);
      await reconcile();
      expect(upstream()).to.have.length(healthy === 'True' ? 2 : 1);
    }
  });

  it('keeps a server out ever longer whose health goes to and fro: no reload each time', async () => {
    const { clock, commands, reconcile, setHealthy } = startMaster();
    await reconcile();
    commands();
    for (let second = 0; second < 600; second += 5) {
      setHealthy('shop-web2', second % 10 === 0 ? 'False' : 'True');
      await reconcile();
      await clock.advance(2_000);
      await reconcile();
      await clock.advance(3_000);
    }
    expect(commands().filter(name => name === 'activate')).to.have.length.within(1, 4);
    setHealthy('shop-web2', 'True');
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
        /bind\(\) failed.*was put back.*journalctl -u nginx/,
      );
    });

    it('leaves it to the host controller to say that the host cannot be reached', async () => {
      const { client, reconcile, ssh } = startMaster();
      ssh.failNext('dropfleet-lb-facts', new HostUnreachable('nobody answers'));
      expect(await rejection(reconcile()))
        .to.be.instanceOf(Waiting)
        .and.include({ afterMs: retryMs });
      expect(client.writes()).to.deep.equal([]);
    });
  });
});
