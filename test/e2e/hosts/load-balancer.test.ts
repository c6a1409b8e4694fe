import { expect } from 'chai';
import { SERVICE_DEPLOYMENTS } from '../../../clients/kubernetes/kinds.ts';
import { findCondition } from '../../../crds/conditions.ts';
import type { Condition } from '../../../crds/meta.ts';
import type { ServiceDeployment } from '../../../crds/service-deployment.ts';
import type { HostTimings } from '../../../reconcilers/host/timings.ts';
import type { HostDriver } from '../../../sandbox/hosts/driver.ts';
import { aServiceDeployment } from '../../builders/objects.ts';
import { describeOnStandalone } from '../../environment/api-server.ts';
import { openEmulatedHosts } from '../../environment/emulated-hosts.ts';
import {
  openOperatorWorld,
  type OperatorWorld,
  type RunningOperator,
} from '../../environment/operator-world.ts';

/** Milliseconds. */
const TIMINGS: HostTimings = {
  retryMs: 200,
  slowestRetryMs: 1_000,
  resyncMs: 1_000,
  firstBootWaitMs: 20_000,
};

describeOnStandalone(
  "An operator's load balancers",
  'the hosts do not know which API server there is',
  server => {
    let world: OperatorWorld;
    let driver: HostDriver;
    let operator: RunningOperator;

    before(async () => {
      driver = await openEmulatedHosts();
      world = await openOperatorWorld(server(), { driver, timings: TIMINGS });
      await world.writeCsv('shop,3,s-1vcpu-1gb,s-1vcpu-1gb');
      operator = world.startOperator();
      await world.untilReady('shop', 3);
    });
    after(() => world?.close());

    const master = (): Condition =>
      findCondition(world.droplet('shop-master')!.status!.conditions, 'LoadBalancerReady')!;
    const addressOf = (name: string): string => `${world.droplet(name)!.status!.server!.privateAddress}:8123`;
    const activations = (): number =>
      operator.hostCommands.filter(name => name === 'dropfleet-lb-activate').length;

    async function deploy(...webs: string[]): Promise<void> {
      const endpoints = Object.fromEntries(webs.map(name => [name, addressOf(name)]));
      const { metadata, spec, status, ...type } = aServiceDeployment('shop-prod-site', endpoints);
      const { name, labels } = metadata;
      const service: ServiceDeployment = {
        ...type,
        metadata: { name, namespace: world.namespace, ...(labels && { labels }) },
        spec,
      };
      await world.kubernetes.create(SERVICE_DEPLOYMENTS, service, {});
      const key = `${world.namespace}/${name}`;
      await world.kubernetes.patch(SERVICE_DEPLOYMENTS, key, { status }, { subresource: 'status' });
    }
    async function routed(): Promise<Condition | undefined> {
      const service = await world.kubernetes.get(
        SERVICE_DEPLOYMENTS,
        `${world.namespace}/shop-prod-site`,
        {},
      );
      return findCondition(service.status?.conditions, 'Routed');
    }

    it('are there when their masters are Ready', () => {
      expect(master()).to.include({ status: 'True', reason: 'Ok' });
      expect(master().message).to.match(/^nginx runs configuration [0-9a-f]{12}: no web services yet$/);
      expect(activations()).to.equal(1);
    });

    it('take a service as soon as it answers somewhere', async () => {
      await deploy('shop-web1', 'shop-web2');
      await world.until('a route to the service', () =>
        master().message.endsWith('1 of 1 web services routed'),
      );
      expect((await routed())?.message).to.equal('2 of 2 servers in rotation at /shop/prod/site/');
    });

    it('take a droplet out that leaves, before it is destroyed', async () => {
      await world.writeCsv('shop,2,s-1vcpu-1gb,s-1vcpu-1gb');
      const before = master().message;
      await world.until('another configuration', () => master().message !== before);
      expect((await routed())?.message).to.equal('1 of 2 servers in rotation at /shop/prod/site/');
      expect(world.droplet('shop-web2')!.status!.phase).to.equal('Draining');
      expect(world.effects().destroyed).to.equal(0);
      await world.untilReady('shop', 2);
    });

    it('cost no command of their own while nothing changes', async () => {
      const probes = (): number => operator.hostCommands.filter(name => name === 'dropfleet-probe').length;
      const goal = probes() + 4;
      const before = operator.hostCommands.length;
      await world.until('four more looks', () => probes() >= goal);
      expect([...new Set(operator.hostCommands.slice(before))]).to.deep.equal(['dropfleet-probe']);
    });

    it('hold up the end of a droplet only for a while when they cannot be reached, and say so', async () => {
      const { id } = world.droplet('shop-master')!.status!.server!;
      await driver.setFault(id!, { type: 'crash' });
      await world.kubectl.succeed('delete', 'droplet', 'shop-web1', '--wait=false');
      const said = (): string =>
        findCondition(world.droplet('shop-web1')?.status?.conditions, 'Ready')?.message ?? '';
      await world.until('a word of why it stays', () => said().includes('waiting for shop-master'));
      expect(world.effects().destroyed).to.equal(1);
      await world.until('the end of its server', () => world.effects().destroyed === 2);
      expect(operator.log.map(({ message }) => message)).to.include(
        'drain timed out after 20 s: shop-master still has the server; in-flight requests will be dropped',
      );
    });
  },
);
