import { expect } from 'chai';
import { Registry } from 'prom-client';
import { systemClock } from '../../../../clients/clock.ts';
import { createInformer } from '../../../../clients/kubernetes/informer.ts';
import { EVENTS, LEASES, PROJECTS, type ResourceKind } from '../../../../clients/kubernetes/kinds.ts';
import { patchStatus } from '../../../../clients/kubernetes/status.ts';
import { controllerFor, type Controller } from '../../../../controllers/runtime/controller.ts';
import { createEventRecorder } from '../../../../controllers/runtime/events.ts';
import { shareInformers } from '../../../../controllers/runtime/informers.ts';
import { createManager, type Manager } from '../../../../controllers/runtime/manager.ts';
import { createRuntimeMetrics } from '../../../../controllers/runtime/metrics.ts';
import { API_VERSION } from '../../../../crds/names.ts';
import type { KubernetesObject } from '../../../../crds/meta.ts';
import type { Project } from '../../../../crds/project.ts';
import { describeOnApiServers } from '../../../environment/api-server.ts';
import { fakeLogger } from '../../../fakes/logger.ts';

const project = (namespace: string): Project => ({
  apiVersion: API_VERSION,
  kind: 'Project',
  metadata: { name: 'shop', namespace },
  spec: { servers: 1, masterSpec: 's-1vcpu-1gb', webSpec: 's-1vcpu-1gb' },
});

describeOnApiServers('The manager', server => {
  const clock = systemClock;
  let stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  function createOne(namespace: string, identity: string, controller: Controller): Manager {
    const log = fakeLogger();
    const client = server().client();
    const informers = shareInformers(<T extends KubernetesObject>(kind: ResourceKind<T>) =>
      createInformer(client, kind, { clock, random: Math.random, log, selection: { namespace } }),
    );
    return createManager({
      clock,
      log,
      informers,
      metrics: createRuntimeMetrics(new Registry()),
      newReconcileId: () => 'id',
      controllers: [controller],
      leaderElection: { client, random: Math.random, namespace, name: `leader-${namespace}`, identity },
    });
  }

  /** Runs it until the returned function is called, which waits for the end. */
  function run(manager: Manager): () => Promise<void> {
    const stop = new AbortController();
    const running = manager.run(stop.signal);
    const end = async (): Promise<void> => {
      stop.abort(new Error('the test is over'));
      await running;
    };
    stops.push(end);
    return end;
  }

  it('reconciles a change, retries what failed, and reads its own write', async () => {
    const namespace = await server().namespace();
    const seen: string[] = [];
    const writes: number[] = [];
    const settled = Promise.withResolvers<void>();
    const controller = controllerFor('project', PROJECTS).reconciles(async (_key, object, run) => {
      if (object === undefined) return undefined;
      seen.push(`${object.spec.servers} ${object.status?.droplets}`);
      if (seen.length === 1) throw new Error('the first try fails');
      if (object.status?.droplets === object.spec.servers) {
        if (object.spec.servers === 2) settled.resolve();
        return undefined;
      }
      writes.push(object.spec.servers);
      await patchStatus(server().client(), PROJECTS, object, { droplets: object.spec.servers }, run);
      // Without waiting for its own write this would find the old status in the cache.
      return { requeueAfterMs: 1 };
    });
    await server().client().create(PROJECTS, project(namespace));
    run(createOne(namespace, 'me', controller));
    await server()
      .client()
      .patch(PROJECTS, `${namespace}/shop`, { spec: { servers: 2 } });
    await settled.promise;
    expect(new Set(writes).size, 'a status was written twice').to.equal(writes.length);
    expect(seen.at(-1)).to.equal('2 2');
  });

  it('hands over to the one that waits, without two at work at a time', async () => {
    const namespace = await server().namespace();
    const atWork = new Set<string>();
    const overlaps: string[] = [];
    const began: Record<string, PromiseWithResolvers<void>> = {
      a: Promise.withResolvers<void>(),
      b: Promise.withResolvers<void>(),
    };
    const working = (identity: string): Controller =>
      controllerFor(identity, PROJECTS).reconciles(async (_key, _object, { signal }) => {
        // Thrown here it would only be one more failure that is retried.
        if (atWork.size > 0) overlaps.push(identity);
        atWork.add(identity);
        began[identity]!.resolve();
        await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
        atWork.delete(identity);
        return undefined;
      });
    await server().client().create(PROJECTS, project(namespace));
    const stopA = run(createOne(namespace, 'a', working('a')));
    await began['a']!.promise;
    run(createOne(namespace, 'b', working('b')));
    await stopA();
    await began['b']!.promise;
    expect(overlaps).to.deep.equal([]);
    const lease = await server().client().get(LEASES, `${namespace}/leader-${namespace}`);
    expect(lease.spec).to.include({ holderIdentity: 'b', leaseTransitions: 1 });
    expect(lease.spec!.renewTime).to.match(/\.\d{6}Z$/);
  });

  it('records an Event once and counts it up', async () => {
    const namespace = await server().namespace();
    const client = server().client();
    const log = fakeLogger();
    const object = await client.create(PROJECTS, project(namespace));
    const events = createEventRecorder({ client, clock, log, random: Math.random, component: 'dropfleet' });
    for (let n = 0; n < 3; n++) events.record(object, 'Warning', 'Held', 'a brake holds the deletion back');
    await events.flushed();
    expect(log.lines).to.deep.equal([]);
    const { items } = await client.list(EVENTS, {
      namespace,
      fieldSelector: 'involvedObject.name=shop,involvedObject.kind=Project',
    });
    expect(items.map(({ reason, count }) => `${reason} ${count}`)).to.deep.equal(['Held 3']);
  });
});
