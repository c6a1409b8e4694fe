import { Registry } from 'prom-client';
import { randomBytes } from 'node:crypto';
import { systemClock } from '../../../clients/clock.ts';
import type { Cloud } from '../../../clients/digitalocean/cloud.ts';
import { createCloud } from '../../../clients/digitalocean/http-client.ts';
import { createKubernetesClient } from '../../../clients/kubernetes/http-client.ts';
import type { TimingOverrides } from '../../../controllers/all.ts';
import { createOperator } from '../../../controllers/operator.ts';
import { createRuntimeMetrics } from '../../../controllers/runtime/metrics.ts';
import { TEST_KEY } from '../../builders/sandbox.ts';
import { fakeLogger, type LoggedLine } from '../../fakes/logger.ts';
import { Life } from './life.ts';
import { mortalCloud, mortalKubernetes, mortalSsh } from './mortal-clients.ts';
import { CALL_TIMEOUT_MS, FLEET_ID, type CampaignWorld } from './world.ts';

/** In the world's time. The grace outlasts the longest lag of a list, and a busy machine's pauses. */
const TIMINGS: TimingOverrides = {
  droplet: {
    launchGraceMs: 30_000,
    pollMs: 600,
    shutdownMs: 6_000,
    drainMs: 400_000,
    refusedMs: 6_000,
    slowestRefusedMs: 72_000,
    retryMs: 600,
    slowestRetryMs: 6_000,
    absenceMs: 8_000,
  },
  'csv-sync': { settleMs: 1_000, lossSettleMs: 2_000 },
  gate: { settleMs: 2_000 },
  firewall: { resyncMs: 6_000, maxAgeMs: 3_000, pollMs: 600, addressRetryMs: 6_000, refusedMs: 6_000 },
  host: { retryMs: 600, slowestRetryMs: 6_000, resyncMs: 60_000, firstBootWaitMs: 6_000 },
  'load-balancer': { pollMs: 600 },
};
const POLLS = { movingMs: 600, firstPollMs: 600, idleMs: 6_000 };

/** A real operator over real clients, of which the test can take the life. */
export interface RunningOperator {
  readonly life: Life;
  readonly log: readonly LoggedLine[];
  /** Rejects when it ends by itself. */
  readonly failed: Promise<never>;
  /** Stops it as SIGTERM does. */
  stop(): Promise<void>;
}

/** Starts an operator in that world; it goes on until it is stopped or its life ends. */
export function startOperator(world: CampaignWorld): RunningOperator {
  const { server, clock, sandbox, namespace, csvPath } = world;
  const life = new Life();
  const log = fakeLogger();
  const kubernetes = createKubernetesClient(server.connection(), { clock: systemClock });
  const cloud = createCloud({
    token: 'operator',
    apiUrl: sandbox.url,
    clock,
    random: Math.random,
    callTimeoutMs: CALL_TIMEOUT_MS,
  });
  const registry = new Registry();
  const operator = createOperator({
    kubernetes: mortalKubernetes(kubernetes, namespace, life),
    cloud: mortalCloud(watched(cloud, world), life),
    clock,
    random: Math.random,
    log,
    registry,
    metrics: createRuntimeMetrics(registry),
    fleetId: FLEET_ID,
    apiId: 'campaign-api',
    namespace,
    sshPublicKey: TEST_KEY,
    newNonce: () => randomBytes(12).toString('hex'),
    newReconcileId: () => randomBytes(4).toString('hex'),
    csvPath,
    ...(world.hasFirewalls && {
      firewalls: {
        additionalIps: [],
        operatorAddress: () => Promise.resolve('203.0.113.50'),
      },
    }),
    ...(world.visitors && {
      hosts: {
        ssh: mortalSsh(world.visitors.ssh, life),
        privateKey: world.visitors.privateKey,
      },
    }),
    timings: TIMINGS,
    pollIntervals: POLLS,
  });
  const stop = new AbortController();
  const running = operator.run(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort(new Error('the operator is stopped'));
    cloud.close();
    await kubernetes.close();
  };
  // Its connections are cut as the kernel would; only then is it told, so that it can tell nobody.
  void life.died.then(end);
  return {
    life,
    log: log.lines,
    failed: running.then(() => new Promise<never>(() => undefined)),
    async stop() {
      stop.abort(new Error('the operator is stopped'));
      await running;
      await end();
    },
  };
}

/** The cloud, which tells the world of what is about to stop a server. */
function watched(cloud: Cloud, world: CampaignWorld): Cloud {
  const stops: (keyof Cloud)[] = ['deleteDroplet', 'shutdownDroplet', 'powerOffDroplet', 'powerCycleDroplet'];
  return new Proxy(cloud, {
    get(target, name: keyof Cloud) {
      const method = target[name] as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        if (stops.includes(name)) world.noteStop(args[0] as number, name);
        return method.apply(target, args);
      };
    },
  });
}
