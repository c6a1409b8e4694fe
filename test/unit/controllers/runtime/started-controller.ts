import { Registry } from 'prom-client';
import { connectController } from '../../../../controllers/runtime/controller-loop.ts';
import { type Controller } from '../../../../controllers/runtime/controller.ts';
import { fenceBySignal, type Fence } from '../../../../controllers/runtime/fence.ts';
import { shareInformers } from '../../../../controllers/runtime/informers.ts';
import { createRuntimeMetrics } from '../../../../controllers/runtime/metrics.ts';
import type { KubernetesObject } from '../../../../crds/meta.ts';
import type { ResourceKind } from '../../../../clients/kubernetes/kinds.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { fakeInformer, type FakeInformer } from '../../../fakes/informer.ts';
import { fakeKubernetesClient } from '../../../fakes/kubernetes-client.ts';
import { fakeLogger } from '../../../fakes/logger.ts';

/** Starts a controller over a client in memory. `settle` lets everything that can happen now happen. */
export async function startController(seeds: KubernetesObject[], controller: Controller, fence?: Fence) {
  const clock = fakeClock();
  const client = fakeKubernetesClient(seeds);
  const fakes = new Map<string, FakeInformer<KubernetesObject>>();
  const informers = shareInformers(<T extends KubernetesObject>(kind: ResourceKind<T>) => {
    const informer = fakeInformer(client, kind);
    fakes.set(kind.kind, informer);
    return informer;
  });
  const log = fakeLogger();
  const registry = new Registry();
  let ids = 0;
  const environment = {
    clock,
    log,
    informers,
    metrics: createRuntimeMetrics(registry),
    newReconcileId: () => `id-${++ids}`,
  };
  const loop = connectController(controller, environment);
  const caches = new AbortController();
  const work = new AbortController();
  informers.start(caches.signal);
  await informers.synced();
  const ended = loop.run(work.signal, fence ?? fenceBySignal(work.signal));
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn++) await clock.advance(0);
  };
  await settle();
  return {
    clock,
    client,
    informer: (kind: ResourceKind) => fakes.get(kind.kind)!,
    log,
    settle,
    metric: async (name: string) => (await registry.getSingleMetricAsString(name)).split('\n'),
    stop: async () => {
      work.abort(new Error('the test is over'));
      await ended;
      caches.abort();
    },
  };
}
