import { expect } from 'chai';
import { SERVICE_DEPLOYMENTS } from '../../../../clients/kubernetes/kinds.ts';
import { findCondition } from '../../../../crds/conditions.ts';
import type { Droplet } from '../../../../crds/droplet.ts';
import { keyOf, type KubernetesObject } from '../../../../crds/meta.ts';
import type { Hosts } from '../../../../reconcilers/context.ts';
import { createProbeResults } from '../../../../reconcilers/probe/results.ts';
import type { Run } from '../../../../reconcilers/run.ts';
import { SERVICE, type Context } from '../../../../reconcilers/service/concern.ts';
import type { Container } from '../../../../reconcilers/service/facts.ts';
import { createServiceReconciler } from '../../../../reconcilers/service/reconcile.ts';
import { CONTAINERS_SECTION } from '../../../../reconcilers/service/section.ts';
import { createSince } from '../../../../reconcilers/since.ts';
import {
  aCondition,
  activeStatus,
  aDroplet,
  aProject,
  aServiceDeployment,
} from '../../../builders/objects.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { fakeKubernetesClient } from '../../../fakes/kubernetes-client.ts';
import { fakeLogger } from '../../../fakes/logger.ts';

const KEY = 'default/shop-prod-api';
const RELEASE = 'r1';
const ADDRESSES = ['10.0.0.2', '10.0.0.3'];

const webs = ADDRESSES.map((privateAddress, i): Droplet => {
  const status = activeStatus(i + 1, { privateAddress });
  const conditions = ['Provisioned', 'Reachable', 'Configured'].map(type => aCondition(type, 'True'));
  return aDroplet(`shop-web${i + 1}`, { status: { ...status, conditions } });
});

const CONTAINER: Container = {
  name: `shop-prod-api-${RELEASE}`,
  service: 'shop-prod-api',
  uid: 'uid-shop-prod-api',
  kind: 'service',
  release: RELEASE,
  version: 'v1',
  port: 8001,
  state: 'running',
  exitCode: 0,
  restarts: 0,
  image: 'sha256:1',
};

/** A service that serves on two webs, and whose secret lost its value. */
function aService() {
  const endpoints = webs.map(({ metadata }, i) => ({
    droplet: metadata.name,
    address: `${ADDRESSES[i]}:8001`,
  }));
  const status = { release: RELEASE, version: 'v1', image: 'sha256:1', port: 8001, endpoints };
  const service = aServiceDeployment(
    'shop-prod-api',
    {},
    { metadata: { finalizers: ['dropfleet.io/service'] }, spec: { version: 'v1' }, status },
  );
  const kubernetes = fakeKubernetesClient([service]);
  const clock = fakeClock();
  const droplets = [...webs];
  const reader = <T extends KubernetesObject>(list: () => T[]) => ({
    list,
    get: (key: string) => list().find(object => keyOf(object) === key),
    byIndex: () => list(),
  });
  const probes = createProbeResults(clock);
  const context = {
    kubernetes,
    clock,
    projects: reader(() => [aProject('shop', { spec: { servers: 3 } })]),
    droplets: reader(() => droplets),
    services: reader(() => kubernetes.storedAll(SERVICE_DEPLOYMENTS)),
    since: createSince(clock),
    events: { record: () => undefined },
    timings: SERVICE.timings,
  } as Partial<Context> as Context;
  // No host is spoken to: what was seen of them a moment ago is all there is.
  const hosts = { probes, engine: 'docker', timings: { retryMs: 1 } } as unknown as Hosts;
  const lacks = { values: [], missing: [{ name: 'KEY' } as never], refused: [], digest: 'd' };
  const reconcile = createServiceReconciler(context, hosts, {
    images: {} as never,
    secretsOf: () => lacks,
  });
  const { signal } = new AbortController();
  const run: Run = { log: fakeLogger(), signal, fenced: effect => effect(signal), wrote: () => undefined };
  const stored = () => kubernetes.stored(SERVICE_DEPLOYMENTS, KEY)!;
  return {
    droplets,
    kubernetes,
    sees: (droplet: Droplet, containers: Container[]) =>
      probes.of(CONTAINERS_SECTION).record(droplet, containers, clock.monotonic()),
    reconcile: () => reconcile(KEY, stored(), run),
    servers: () => (stored().status!.endpoints ?? []).map(({ droplet }) => droplet),
    message: () => findCondition(stored().status!.conditions, 'Rolled')!.message,
  };
}

describe('A service whose secret lost its value', () => {
  it('stays where it serves, and nothing more is written of it', async () => {
    const service = aService();
    for (const web of webs) service.sees(web, [CONTAINER]);
    await service.reconcile();
    expect(service.servers()).to.deep.equal(['shop-web1', 'shop-web2']);
    expect(service.message()).to.match(
      /^missing secrets: KEY; v1 serves on 2 of 2 servers, and is started nowhere/,
    );
    const { length } = service.kubernetes.writes();
    await service.reconcile();
    expect(service.kubernetes.writes()).to.have.length(length);
  });

  it('leaves the server that is gone, and the one that lost its container', async () => {
    const service = aService();
    for (const web of webs) service.sees(web, [CONTAINER]);
    service.sees(webs[0]!, []);
    await service.reconcile();
    expect(service.servers()).to.deep.equal(['shop-web2']);
    expect(service.message()).to.contain('v1 serves on 1 of 2 servers, not on shop-web1');
    service.droplets.pop();
    await service.reconcile();
    expect(service.servers()).to.deep.equal([]);
  });
});
