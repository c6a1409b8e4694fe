// What the benchmarks stand on: a standalone API, an operator in this process, and numbers about them.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { systemClock } from '../../clients/clock.ts';
import type { Cloud } from '../../clients/digitalocean/cloud.ts';
import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { createCloud, type HttpCloud } from '../../clients/digitalocean/http-client.ts';
import { createKubernetesClient } from '../../clients/kubernetes/http-client.ts';
import { loadConnection } from '../../clients/kubernetes/kubeconfig.ts';
import type { Logger } from '../../clients/log.ts';
import { createOperator, type OperatorOptions } from '../../controllers/operator.ts';
import { createRuntimeMetrics } from '../../controllers/runtime/metrics.ts';
import { TEST_KEY } from '../builders/sandbox.ts';

/** The tag that the operators' droplets carry names this. */
export const FLEET_ID = 'bench';

export type Client = KubernetesClient & { close(): Promise<void> };

/** A client of the API that the kubeconfig leads to. */
export async function openClient(kubeconfig: string): Promise<Client> {
  const connection = await loadConnection({ env: { KUBECONFIG: kubeconfig } });
  return createKubernetesClient(connection, { clock: systemClock });
}

/** Runs the work in a folder of its own. */
export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'dropfleet-bench-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Drops every line: the memory that is measured is not to be made of them. */
export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };

/**
 * A client of the sandbox whose rate budget never fills, as a minute is over in 60 ms to it: what is measured is
 * not DigitalOcean's limit.
 */
export const openCloud = (sandboxUrl: string): HttpCloud =>
  createCloud({
    token: 'bench',
    apiUrl: sandboxUrl,
    clock: { ...systemClock, monotonic: () => performance.now() * 1_000 },
    random: Math.random,
  });

/** The same for the sandbox's own limits. */
export const NO_LIMITS = { perHour: 1e6, perMinute: 1e6 };

/** An operator at work. */
export interface BenchedOperator {
  /** Rejects when it ends by itself. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** Starts an operator as it is shipped; `changes` says what is special. */
export function startOperator(
  kubernetes: KubernetesClient,
  cloud: Cloud,
  changes: Partial<OperatorOptions> = {},
): BenchedOperator {
  const registry = new Registry();
  const operator = createOperator({
    kubernetes,
    cloud,
    clock: systemClock,
    random: Math.random,
    log: silent,
    registry,
    metrics: createRuntimeMetrics(registry),
    fleetId: FLEET_ID,
    apiId: 'bench-api',
    namespace: 'default',
    sshPublicKey: TEST_KEY,
    newNonce: () => randomBytes(12).toString('hex'),
    newReconcileId: () => randomBytes(4).toString('hex'),
    ...changes,
  });
  const stop = new AbortController();
  const running = operator.run(stop.signal);
  return {
    failed: running.then(() => new Promise<never>(() => undefined)),
    async stop() {
      stop.abort(new Error('the benchmark is over'));
      await running;
    },
  };
}

/** One line: `p50 1.0  p90 2.0  p99 3.0  max 4.0 ms`. */
export function percentiles(samples: readonly number[]): string {
  const at = (share: number): string => percentile(samples, share).toFixed(1);
  return `p50 ${at(0.5)}  p90 ${at(0.9)}  p99 ${at(0.99)}  max ${at(1)} ms`;
}

/** The smallest sample that at least that share of them does not exceed. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

/** Of this process, in MB. */
export const residentMegabytes = (): number => Math.round(process.memoryUsage().rss / 1e6);
