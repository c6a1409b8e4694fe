import { Registry } from 'prom-client';
import { randomBytes } from 'node:crypto';
import { systemClock } from '../../../clients/clock.ts';
import { createCloud } from '../../../clients/digitalocean/http-client.ts';
import { createKubernetesClient } from '../../../clients/kubernetes/http-client.ts';
import { createOperator } from '../../../controllers/operator.ts';
import { createRuntimeMetrics } from '../../../controllers/runtime/metrics.ts';
import { TEST_KEY } from '../../builders/sandbox.ts';
import { fakeLogger, type LoggedLine } from '../../fakes/logger.ts';
import { countedCloud, countedKubernetes, Traffic } from './counted-clients.ts';
import type { StillWorld } from './still-world.ts';

/** An operator as it is shipped, with default timings and polls, whose traffic is counted. */
export interface CountedOperator {
  readonly traffic: Traffic;
  readonly log: readonly LoggedLine[];
  /** Rejects when it ends by itself. */
  readonly failed: Promise<never>;
  /** Stops it as SIGTERM does; `nudge` lets what is due at once happen. */
  stop(nudge: () => Promise<void>): Promise<void>;
}

/** Starts an operator that lives by the world's clock. */
export function startOperator(world: StillWorld): CountedOperator {
  const { server, namespace, clock } = world;
  const traffic = new Traffic();
  const log = fakeLogger();
  const registry = new Registry();
  // The machine's clock for the connection alone: its timeouts are about real sockets.
  const client = createKubernetesClient(server.connection(), { clock: systemClock });
  const cloud = createCloud({ token: 'operator', apiUrl: world.cloudUrl, clock, random: Math.random });
  const kubernetes = countedKubernetes(client, namespace, traffic);
  const operator = createOperator({
    kubernetes,
    // Whoever is lied to may wait for time to pass with a call under way.
    cloud: world.liar === undefined ? countedCloud(cloud, traffic) : cloud,
    clock,
    random: Math.random,
    log,
    registry,
    metrics: createRuntimeMetrics(registry),
    fleetId: 'figures',
    apiId: 'figures-api',
    namespace,
    sshPublicKey: TEST_KEY,
    newNonce: () => randomBytes(12).toString('hex'),
    newReconcileId: () => randomBytes(4).toString('hex'),
    csvPath: world.csvPath,
    firewalls: { additionalIps: [], operatorAddress: () => Promise.resolve('203.0.113.7') },
    leaderElection: {
      client: kubernetes,
      namespace,
      name: 'figures',
      identity: randomBytes(4).toString('hex'),
      random: Math.random,
    },
  });
  const stop = new AbortController();
  const running = operator.run(stop.signal);
  return {
    traffic,
    log: log.lines,
    failed: running.then(() => new Promise<never>(() => undefined)),
    async stop(nudge) {
      stop.abort(new Error('the operator is stopped'));
      await nudge();
      await running;
      cloud.close();
      await client.close();
    },
  };
}
