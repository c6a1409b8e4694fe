import { expect } from 'chai';
import { Registry } from 'prom-client';
import { LEASES, PROJECTS, type ResourceKind } from '../../../../clients/kubernetes/kinds.ts';
import { controllerFor, type Controller } from '../../../../controllers/runtime/controller.ts';
import { isListenError } from '../../../../controllers/runtime/http.ts';
import { shareInformers } from '../../../../controllers/runtime/informers.ts';
import { isLeadershipLost } from '../../../../controllers/runtime/leader-election.ts';
import { createManager, type ManagerOptions } from '../../../../controllers/runtime/manager.ts';
import { createRuntimeMetrics } from '../../../../controllers/runtime/metrics.ts';
import { atStart } from '../../../../controllers/runtime/sources.ts';
import type { KubernetesObject } from '../../../../crds/meta.ts';
import { aProject } from '../../../builders/objects.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { fakeInformer } from '../../../fakes/informer.ts';
import { fakeKubernetesClient } from '../../../fakes/kubernetes-client.ts';
import { fakeLogger } from '../../../fakes/logger.ts';
import { rejection } from '../../../fakes/rejection.ts';

const LEASE = 'system/dropfleet';

function setUp(controllers: readonly Controller[], options: Partial<ManagerOptions> = {}) {
  const clock = fakeClock();
  const client = fakeKubernetesClient([aProject('shop')]);
  const informers = shareInformers(<T extends KubernetesObject>(kind: ResourceKind<T>) =>
    fakeInformer(client, kind),
  );
  const log = fakeLogger();
  const registry = new Registry();
  const manager = createManager({
    clock,
    log,
    informers,
    metrics: createRuntimeMetrics(registry),
    newReconcileId: () => 'id',
    controllers,
    leaderElection: { client, random: () => 0, namespace: 'system', name: 'dropfleet', identity: 'me' },
    ...options,
  });
  const stop = new AbortController();
  const metric = async (name: string) => (await registry.getSingleMetricAsString(name)).split('\n').at(-1);
  return { clock, client, informers, log, manager, metric, registry, stop };
}

/** A controller that says when it began, and goes on until `release`; it does not listen to its signal. */
function stubborn() {
  const began = Promise.withResolvers<AbortSignal>();
  const { promise, resolve: release } = Promise.withResolvers<undefined>();
  const controller = controllerFor('stubborn')
    .wakesOn(atStart, () => ['key'])
    .reconciles((_key, _object, run) => {
      began.resolve(run.signal);
      return promise;
    });
  return { controller, began: began.promise, release };
}

describe('The manager', () => {
  it('reconciles only after the caches are full and it leads', async () => {
    const seen = Promise.withResolvers<string>();
    const controller = controllerFor('project', PROJECTS).reconciles((key, project) => {
      const holder = client.stored(LEASES, LEASE)?.spec?.holderIdentity;
      seen.resolve(`${key} ${project?.metadata.name} ${holder} ${informers.unsynced().length}`);
      return undefined;
    });
    const { client, informers, manager, metric, stop } = setUp([controller]);
    const running = manager.run(stop.signal);
    expect(await seen.promise).to.equal('default/shop shop me 0');
    expect(await metric('leader_election_master_status')).to.match(/ 1$/);
    stop.abort();
    await running;
    expect(await metric('leader_election_master_status')).to.match(/ 0$/);
  });

  it('does nothing while another leads, and stops cleanly meanwhile', async () => {
    const { controller, began } = stubborn();
    const { clock, client, manager, stop } = setUp([controller]);
    client.seed({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace: 'system', name: 'dropfleet' },
      spec: { holderIdentity: 'other', leaseDurationSeconds: 15 },
    } as KubernetesObject);
    const running = manager.run(stop.signal);
    await clock.advance(10_000);
    expect(await Promise.race([began, Promise.resolve('idle')])).to.equal('idle');
    stop.abort();
    await running;
    expect(client.stored(LEASES, LEASE)).to.have.nested.property('spec.holderIdentity', 'other');
  });

  it('waits at the stop for the reconcile under way, and gives the lease up only then', async () => {
    const { controller, began, release } = stubborn();
    const { clock, client, manager, stop } = setUp([controller]);
    const running = manager.run(stop.signal);
    await clock.advance(0);
    const signal = await began;
    stop.abort();
    await clock.advance(20_000);
    expect(signal.aborted).to.equal(true);
    expect(client.stored(LEASES, LEASE)!.spec!.holderIdentity).to.equal('me');
    expect(client.stored(LEASES, LEASE)!.spec!.renewTime).to.equal('2026-01-01T00:00:20.000000Z');
    release(undefined);
    await running;
    expect(client.stored(LEASES, LEASE)!.spec!.holderIdentity).to.equal('');
    expect(clock.pending()).to.equal(0);
  });

  it('goes after 30 s without it, and then leaves the lease to run out', async () => {
    const { controller, began } = stubborn();
    const { clock, client, log, manager, stop } = setUp([controller]);
    const running = manager.run(stop.signal);
    await clock.advance(0);
    await began;
    stop.abort();
    await clock.advance(30_000);
    await running;
    expect(client.stored(LEASES, LEASE)!.spec!.holderIdentity).to.equal('me');
    expect(log.lines.map(({ message }) => message)).to.include('stopped with reconciles still running');
  });

  it('stops at once when the lease is lost, without waiting for anything', async () => {
    const { controller, began } = stubborn();
    const { clock, client, manager, metric, stop } = setUp([controller]);
    const failure = rejection(manager.run(stop.signal));
    await clock.advance(0);
    const signal = await began;
    await client.patch(LEASES, LEASE, { spec: { holderIdentity: 'thief' } });
    await clock.advance(2000);
    expect(await failure).to.satisfy(isLeadershipLost);
    expect(signal.aborted).to.equal(true);
    expect(client.stored(LEASES, LEASE)!.spec!.holderIdentity).to.equal('thief');
    expect(await metric('leader_election_master_status')).to.match(/ 0$/);
  });

  it('does a leader task until the stop, and stops when one fails', async () => {
    const broken = Promise.withResolvers<void>();
    let ended = false;
    const leaderTasks = [
      { name: 'poller', run: () => broken.promise },
      {
        name: 'other',
        run: (signal: AbortSignal) => {
          signal.addEventListener('abort', () => (ended = true));
        },
      },
    ];
    const { clock, client, manager, stop } = setUp([], { leaderTasks });
    const failure = rejection(manager.run(stop.signal));
    await clock.advance(5000);
    expect(ended).to.equal(false);
    broken.reject(new Error('the poller broke'));
    expect((await failure).message).to.equal('the poller broke');
    expect(ended).to.equal(true);
    expect(client.stored(LEASES, LEASE)!.spec!.holderIdentity).to.equal('');
  });

  it('serves health before the caches are full, and is ready after', async () => {
    const port = Promise.withResolvers<number>();
    const { controller } = stubborn();
    const listed = Promise.withResolvers<void>();
    const http = {
      host: '127.0.0.1',
      port: 0,
      allowNextPort: false,
      registry: new Registry(),
      onListening: port.resolve,
    };
    const client = fakeKubernetesClient([]);
    const informers = shareInformers(<T extends KubernetesObject>(kind: ResourceKind<T>) =>
      fakeInformer(
        { ...client, list: async (...args) => (await listed.promise, client.list(...args)) },
        kind,
      ),
    );
    informers.of(PROJECTS);
    const { clock, client: api, manager, stop } = setUp([controller], { http, informers });
    const contended = (): boolean => api.calls.some(({ kind }) => kind === 'Lease');
    const running = manager.run(stop.signal);
    const url = `http://127.0.0.1:${await port.promise}`;
    expect((await fetch(`${url}/healthz`)).status).to.equal(200);
    const unready = await fetch(`${url}/readyz`);
    expect(unready.status).to.equal(500);
    expect(await unready.text()).to.contain('[-]caches failed: waiting for the first list of Project');
    await clock.advance(60_000);
    expect(contended(), 'the leadership, sought with empty caches').to.equal(false);
    listed.resolve();
    await informers.synced();
    expect((await fetch(`${url}/readyz`)).status).to.equal(200);
    while (!contended()) await clock.advance(0);
    stop.abort();
    await clock.advance(30_000);
    await running;
  });

  it('starts nothing when its port is taken', async () => {
    const first = Promise.withResolvers<number>();
    const http = { host: '127.0.0.1', port: 0, allowNextPort: false, registry: new Registry() };
    const holder = setUp([], { http: { ...http, onListening: first.resolve } });
    const holding = holder.manager.run(holder.stop.signal);
    const port = await first.promise;
    const { client, manager, stop } = setUp([stubborn().controller], { http: { ...http, port } });
    expect(await rejection(manager.run(stop.signal))).to.satisfy(isListenError);
    expect(client.calls).to.deep.equal([]);
    holder.stop.abort();
    await holding;
  });

  it('needs no lease when it is told that there is no contender', async () => {
    const { controller, began, release } = stubborn();
    const clock = fakeClock();
    const client = fakeKubernetesClient([]);
    const manager = createManager({
      clock,
      log: fakeLogger(),
      informers: shareInformers(kind => fakeInformer(client, kind)),
      metrics: createRuntimeMetrics(new Registry()),
      newReconcileId: () => 'id',
      controllers: [controller],
    });
    const stop = new AbortController();
    const running = manager.run(stop.signal);
    await began;
    stop.abort();
    release(undefined);
    await running;
    expect(client.calls).to.deep.equal([]);
  });
});
