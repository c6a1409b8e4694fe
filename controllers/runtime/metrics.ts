import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ControllerMetrics } from './controller-metrics.ts';
import type { ReconcileResult } from './error-policy.ts';
import { createQueueMetrics } from './queue-metrics.ts';

/** controller-runtime, pkg/internal/controller/metrics/metrics.go, ReconcileTime. */
const RECONCILE_BUCKETS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5,
  1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];
/** Kubernetes, component-base/metrics/prometheus/restclient/metrics.go, requestLatency. */
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];
const RESULTS: readonly ReconcileResult[] = ['success', 'error', 'requeue', 'requeue_after'];

/** A finished call of the Kubernetes API; `code` is an HTTP status, or `<error>` without an answer. */
interface RequestFacts {
  method: string;
  host: string;
  code: number | string;
  seconds: number;
}

/** The metrics that dashboards and alerts for controller-runtime know, by the same names and labels. */
export interface RuntimeMetrics {
  /** The controller's series, all at 0 from now on. */
  forController(name: string, workers: number): ControllerMetrics;
  requestEnded(request: RequestFacts): void;
  leadershipChanged(leaseName: string, isLeader: boolean): void;
}

/** Registers them all. */
export function createRuntimeMetrics(registry: Registry): RuntimeMetrics {
  const reconcile = createReconcileMetrics(registry);
  const queues = createQueueMetrics(registry);
  const client = createClientMetrics(registry);
  const master = new Gauge({
    name: 'leader_election_master_status',
    help: 'Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master.',
    labelNames: ['name'],
    registers: [registry],
  });
  return {
    forController(name, workers) {
      return { ...reconcile(name, workers), ...queues(name) };
    },
    requestEnded: client,
    leadershipChanged: (name, isLeader) => master.set({ name }, isLeader ? 1 : 0),
  };
}

function createReconcileMetrics(registry: Registry) {
  const registers = [registry];
  const labelNames = ['controller'] as const;
  const counter = (name: string, help: string): Counter<'controller'> =>
    new Counter({ name: `controller_runtime_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string): Gauge<'controller'> =>
    new Gauge({ name: `controller_runtime_${name}`, help, labelNames, registers });

  const total = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Total number of reconciliations per controller',
    labelNames: ['controller', 'result'],
    registers,
  });
  const errors = counter('reconcile_errors_total', 'Total number of reconciliation errors per controller');
  const terminal = counter(
    'terminal_reconcile_errors_total',
    'Total number of terminal reconciliation errors per controller',
  );
  const panics = counter('reconcile_panics_total', 'Total number of reconciliation panics per controller');
  const workersAtMost = gauge(
    'max_concurrent_reconciles',
    'Maximum number of concurrent reconciles per controller',
  );
  const active = gauge('active_workers', 'Number of currently used workers per controller');
  const time = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Length of time per reconciliation per controller',
    labelNames,
    buckets: RECONCILE_BUCKETS,
    registers,
  });

  return (controller: string, workers: number): Omit<ControllerMetrics, 'queueObserver' | 'watchQueue'> => {
    const labels = { controller };
    for (const result of RESULTS) total.inc({ controller, result }, 0);
    for (const metric of [errors, terminal, panics]) metric.inc(labels, 0);
    workersAtMost.set(labels, workers);
    active.set(labels, 0);
    time.zero(labels);
    return {
      reconcileBegan: () => active.inc(labels),
      reconcileEnded(seconds) {
        active.dec(labels);
        time.observe(labels, seconds);
      },
      judged({ result, failure }) {
        total.inc({ controller, result });
        if (failure !== undefined) errors.inc(labels);
        if (failure === 'terminal') terminal.inc(labels);
        if (failure === 'panic') panics.inc(labels);
      },
      panicked: () => panics.inc(labels),
    };
  };
}

function createClientMetrics(registry: Registry): (request: RequestFacts) => void {
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Number of HTTP requests, partitioned by status code, method, and host.',
    labelNames: ['code', 'method', 'host'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'Request latency in seconds. Broken down by verb, and host.',
    labelNames: ['verb', 'host'],
    buckets: REQUEST_BUCKETS,
    registers: [registry],
  });
  return ({ method, host, code, seconds }) => {
    requests.inc({ code: String(code), method, host });
    duration.observe({ verb: method, host }, seconds);
  };
}
