// nginx reloads under load: shared by the benchmark and the test that holds it to no failed request.
import { convergeLoadBalancer, type ConvergeResult } from '../../reconcilers/load-balancer/converge.ts';
import { createPacing } from '../../reconcilers/load-balancer/pacing.ts';
import { createQuarantine } from '../../reconcilers/load-balancer/quarantine.ts';
import type { Balancing } from '../../reconcilers/read-model/balancing.ts';
import { systemClock } from '../../clients/clock.ts';
import { balancingFor } from '../builders/load-balancer.ts';
import { aServiceDeployment } from '../builders/objects.ts';
import { echo, startBackend } from './backends.ts';
import { startDelayingRelay } from './delaying-relay.ts';
import { startLocalMaster, type LocalMaster } from './local-nginx.ts';
import { startLoad, type LoadReport } from './raw-load.ts';

/** What is to happen. */
export interface ReloadRun {
  reloads: number;
  connections: number;
  /** How long a byte takes between client and nginx, one way. */
  delayMs: number;
  /** At least so many requests, also when the reloads are over earlier. */
  requests: number;
  /** The program; the installed one when absent. */
  nginx?: string;
}

/** What happened. */
export interface ReloadReport extends LoadReport {
  version: string;
  reloads: number;
}

/**
 * Reloads nginx under load, by the product's own way, and counts what clients lost. Every reload is a change of
 * version, and of the servers: one of three is taken out in turn.
 */
export async function reloadUnderLoad(run: ReloadRun): Promise<ReloadReport> {
  const master = await startLocalMaster(run.nginx);
  const backends = await Promise.all(
    ['127.0.0.2', '127.0.0.3', '127.0.0.4'].map(host => startBackend(host, echo)),
  );
  const relay = await startDelayingRelay(master.port, run.delayMs);
  try {
    const converge = convergerOf(master);
    const balancingAt = (n: number): Balancing => {
      const servers = backends.map(({ address }, i) => [`shop-web${i + 1}`, address] as const);
      const kept = servers.filter((_, i) => i !== n % (backends.length + 1));
      const status = { version: `v${n}` };
      return balancingFor(aServiceDeployment('shop-prod-site', Object.fromEntries(kept), { status }));
    };
    await converge(balancingAt(0));
    const { port } = relay;
    const load = startLoad({ port, path: '/shop/prod/site/', connections: run.connections });
    let reloads = 0;
    for (let n = 1; n <= run.reloads; n++) {
      const outcome = await converge(balancingAt(n));
      if (outcome.state === 'running' && outcome.isNew) reloads++;
    }
    while (load.report().total < run.requests) await new Promise(resolve => setTimeout(resolve, 50));
    return { ...(await load.stop()), version: master.version, reloads };
  } finally {
    relay.close();
    await Promise.all([master.close(), ...backends.map(backend => backend.close())]);
  }
}

/** Converges that master as the controller does, without waiting for other changes. */
export function convergerOf(
  { host, layout }: LocalMaster,
  coalesceMs = 0,
): (balancing: Balancing) => Promise<ConvergeResult> {
  const memory = { pacing: createPacing(systemClock, coalesceMs), quarantine: createQuarantine(systemClock) };
  const { signal } = new AbortController();
  return balancing =>
    convergeLoadBalancer({ key: 'default/shop-master', host, layout, signal }, balancing, memory);
}
