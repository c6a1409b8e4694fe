import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ControllerMetrics } from './controller-metrics.ts';
import type { WorkQueue } from './queue.ts';

/** controller-runtime, pkg/metrics/workqueue.go: ExponentialBuckets(10e-9, 10, 12), in seconds. */
const BUCKETS = Array.from({ length: 12 }, (_, n) => Number(`1e${n - 8}`));

/** Registers the workqueue metrics; returns what makes one controller's series, all at 0. */
export function createQueueMetrics(registry: Registry) {
  const registers = [registry];
  const labelNames = ['name', 'controller'] as const;
  const queues = new Map<string, WorkQueue>();
  const counter = (name: string, help: string): Counter<'name' | 'controller'> =>
    new Counter({ name: `workqueue_${name}`, help, labelNames, registers });
  const histogram = (name: string, help: string): Histogram<'name' | 'controller'> =>
    new Histogram({ name: `workqueue_${name}`, help, labelNames, buckets: BUCKETS, registers });
  /** Asked at each scrape, as what it measures changes without an event. */
  const probe = (name: string, help: string, measure: (queue: WorkQueue) => number): void => {
    const gauge = new Gauge({
      name: `workqueue_${name}`,
      help,
      labelNames,
      registers: [],
      collect() {
        for (const [controller, queue] of queues) this.set({ name: controller, controller }, measure(queue));
      },
    });
    registry.registerMetric(gauge);
  };

  const adds = counter('adds_total', 'Total number of adds handled by workqueue');
  const retries = counter('retries_total', 'Total number of retries handled by workqueue');
  const waiting = histogram(
    'queue_duration_seconds',
    'How long in seconds an item stays in workqueue before being requested',
  );
  const working = histogram(
    'work_duration_seconds',
    'How long in seconds processing an item from workqueue takes.',
  );
  probe('depth', 'Current depth of workqueue', queue => queue.depth());
  probe(
    'unfinished_work_seconds',
    'How many seconds of work has been done that is in progress and has not been observed by work_duration.',
    queue => queue.runningSeconds().reduce((sum, seconds) => sum + seconds, 0),
  );
  probe(
    'longest_running_processor_seconds',
    'How many seconds has the longest running processor for workqueue been running.',
    queue => Math.max(0, ...queue.runningSeconds()),
  );

  return (controller: string): Pick<ControllerMetrics, 'queueObserver' | 'watchQueue'> => {
    const labels = { name: controller, controller };
    for (const metric of [adds, retries]) metric.inc(labels, 0);
    for (const metric of [waiting, working]) metric.zero(labels);
    return {
      queueObserver: {
        added: () => adds.inc(labels),
        retried: () => retries.inc(labels),
        taken: seconds => waiting.observe(labels, seconds),
        finished: seconds => working.observe(labels, seconds),
      },
      watchQueue: queue => void queues.set(controller, queue),
    };
  };
}
