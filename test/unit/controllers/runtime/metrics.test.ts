import { expect } from 'chai';
import { Registry } from 'prom-client';
import { createRuntimeMetrics } from '../../../../controllers/runtime/metrics.ts';
import { createQueue } from '../../../../controllers/runtime/queue.ts';
import { fakeClock } from '../../../fakes/clock.ts';

function setUp() {
  const registry = new Registry();
  const metrics = createRuntimeMetrics(registry);
  const series = async (): Promise<string[]> => (await registry.metrics()).split('\n');
  return { metrics, series };
}

describe('The metrics', () => {
  it('have every series of a controller at 0 before anything happened', async () => {
    const { metrics, series } = setUp();
    const controller = metrics.forController('droplet', 10);
    controller.watchQueue(createQueue(fakeClock(), controller.queueObserver));
    metrics.leadershipChanged('dropfleet', false);
    const names = 'name="droplet",controller="droplet"';
    expect(await series()).to.include.members([
      ...['success', 'error', 'requeue', 'requeue_after'].map(
        result => `controller_runtime_reconcile_total{controller="droplet",result="${result}"} 0`,
      ),
      'controller_runtime_reconcile_errors_total{controller="droplet"} 0',
      'controller_runtime_terminal_reconcile_errors_total{controller="droplet"} 0',
      'controller_runtime_reconcile_panics_total{controller="droplet"} 0',
      'controller_runtime_max_concurrent_reconciles{controller="droplet"} 10',
      'controller_runtime_active_workers{controller="droplet"} 0',
      'controller_runtime_reconcile_time_seconds_count{controller="droplet"} 0',
      `workqueue_depth{${names}} 0`,
      `workqueue_adds_total{${names}} 0`,
      `workqueue_retries_total{${names}} 0`,
      `workqueue_queue_duration_seconds_count{${names}} 0`,
      `workqueue_work_duration_seconds_count{${names}} 0`,
      `workqueue_unfinished_work_seconds{${names}} 0`,
      `workqueue_longest_running_processor_seconds{${names}} 0`,
      'leader_election_master_status{name="dropfleet"} 0',
    ]);
  });

  it('count a failure once by its result and once by its sort', async () => {
    const { metrics, series } = setUp();
    const controller = metrics.forController('droplet', 1);
    controller.judged({ result: 'error', requeue: 'after backoff', failure: 'error' });
    controller.judged({ result: 'error', requeue: 'on change', failure: 'terminal' });
    controller.judged({ result: 'error', requeue: 'after backoff', failure: 'panic' });
    controller.judged({ result: 'requeue', requeue: 'after backoff' });
    expect(await series()).to.include.members([
      'controller_runtime_reconcile_total{controller="droplet",result="error"} 3',
      'controller_runtime_reconcile_total{controller="droplet",result="requeue"} 1',
      'controller_runtime_reconcile_errors_total{controller="droplet"} 3',
      'controller_runtime_terminal_reconcile_errors_total{controller="droplet"} 1',
      'controller_runtime_reconcile_panics_total{controller="droplet"} 1',
    ]);
  });

  it('measure the queue when they are scraped', async () => {
    const { metrics, series } = setUp();
    const clock = fakeClock();
    const controller = metrics.forController('droplet', 2);
    const queue = createQueue(clock, controller.queueObserver);
    controller.watchQueue(queue);
    for (const key of ['a', 'b', 'c']) queue.add(key);
    await queue.get();
    await clock.advance(3000);
    await queue.get();
    await clock.advance(2000);
    const names = 'name="droplet",controller="droplet"';
    expect(await series()).to.include.members([
      `workqueue_depth{${names}} 1`,
      `workqueue_unfinished_work_seconds{${names}} 7`,
      `workqueue_longest_running_processor_seconds{${names}} 5`,
      `workqueue_queue_duration_seconds_bucket{le="1",${names}} 1`,
      `workqueue_queue_duration_seconds_bucket{le="10",${names}} 2`,
    ]);
  });

  it('have the bucket boundaries that dashboards were made for', async () => {
    const { metrics, series } = setUp();
    metrics.forController('c', 1);
    metrics.requestEnded({ method: 'GET', host: 'h', code: 200, seconds: 0.3 });
    const boundaries = async (name: string): Promise<number[]> =>
      (await series())
        .filter(line => line.startsWith(`${name}_bucket`))
        .map(line => Number(/le="([^"]+)"/.exec(line)![1]!.replace('+Inf', 'Infinity')));
    const work = await boundaries('workqueue_work_duration_seconds');
    expect([work.length, work[0], work[11]]).to.deep.equal([13, 1e-8, 1000]);
    const reconcile = await boundaries('controller_runtime_reconcile_time_seconds');
    expect([reconcile.length, reconcile[0], reconcile[39]]).to.deep.equal([41, 0.005, 60]);
    expect(await series()).to.include.members([
      'rest_client_requests_total{code="200",method="GET",host="h"} 1',
      'rest_client_request_duration_seconds_bucket{le="0.25",verb="GET",host="h"} 0',
      'rest_client_request_duration_seconds_bucket{le="0.5",verb="GET",host="h"} 1',
    ]);
  });
});
