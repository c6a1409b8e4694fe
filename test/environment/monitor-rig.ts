import { Registry } from 'prom-client';
import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { LEASES } from '../../clients/kubernetes/kinds.ts';
import { SecretText } from '../../config/secret-text.ts';
import { registerIn } from '../../controllers/metrics.ts';
import { createMonitor, type MonitorOptions } from '../../controllers/monitor/monitor.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { dropletNames } from '../../crds/names.ts';
import { readVote } from '../../reconcilers/health/vote.ts';
import { readVouch } from '../../reconcilers/health/vouch.ts';
import { MONITOR_METRICS } from '../../reconcilers/monitor/concern.ts';
import { activeStatus, aDroplet } from '../builders/objects.ts';
import { fakeClock, type FakeClock } from '../fakes/clock.ts';
import { fakeKubernetesClient, type FakeKubernetesClient } from '../fakes/kubernetes-client.ts';
import { fakeLogger } from '../fakes/logger.ts';
import { fakeVantages, type FakeVantages } from '../fakes/vantages.ts';

/** By role and number, as in `10.0.0.<id>`: the master is 1, web1 is 2. */
export const address = (id: number): string => `10.0.0.${id}`;

/** The servers of a project; ids count from 1. */
export const servers = (count: number): Droplet[] =>
  dropletNames('shop', count).map((name, i) => {
    const status = activeStatus(i + 1, { privateAddress: address(i + 1) });
    return aDroplet(name, {
      status: { ...status, host: { serverID: i + 1, keyFingerprint: `SHA256:${i + 1}` } },
    });
  });

/** Monitors of one project on simulated time, over a simulated network. */
export interface MonitorRig {
  clock: FakeClock;
  kubernetes: FakeKubernetesClient;
  network: FakeVantages;
  stop: AbortController;
  ends: Promise<unknown>[];
  transitions: string[];
  registry: Registry;
  /** `observer target`, as stored now. */
  votes(): string[];
  vouches(): number[];
  /** Begins another one; all end with `stop`. */
  start(
    name: string,
    parts?: Partial<Pick<MonitorOptions, 'pinned' | 'kubernetes' | 'hosts'>>,
  ): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param seed of the jitter.
 * @param world the clock and the API, in which the servers are stored; new ones where none are given.
 */
export function createMonitorRig(
  count: number,
  seed = 7,
  world?: Pick<MonitorRig, 'clock' | 'kubernetes'>,
): MonitorRig {
  const droplets = servers(count);
  const clock = world?.clock ?? fakeClock();
  const kubernetes = world?.kubernetes ?? fakeKubernetesClient(droplets, () => clock.now());
  const network = fakeVantages(
    new Map(droplets.map(({ status }) => [status!.server!.publicAddress!, status!.server!.privateAddress!])),
  );
  const leases = () => kubernetes.storedAll(LEASES);
  const rig: MonitorRig = {
    clock,
    kubernetes,
    network,
    stop: new AbortController(),
    ends: [],
    transitions: [],
    registry: new Registry(),
    votes: () =>
      leases()
        .flatMap(lease => readVote(lease) ?? [])
        .map(({ observer, target }) => `${observer} ${target}`.replaceAll(/default\/|shop-/g, ''))
        .sort(),
    vouches: () => leases().flatMap(lease => readVouch(lease)?.dropletID ?? []),
    async start(name, parts = {}) {
      const monitor = createMonitor({
        kubernetes,
        namespace: 'default',
        name,
        hosts: { ssh: network, port: 22, privateKey: new SecretText('key') },
        clock,
        // Not of one value, so that loops do not march in step.
        random: () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647,
        log: fakeLogger(),
        metrics: registerIn((rig.registry = new Registry()))(MONITOR_METRICS),
        onTransition: ({ pair, stance }) =>
          void rig.transitions.push(
            `${pair.observer} ${pair.target} ${stance}`.replaceAll(/default\/|shop-/g, ''),
          ),
        ...parts,
      });
      rig.ends.push(monitor.run(rig.stop.signal));
      await clock.advance(1);
    },
    async close() {
      rig.stop.abort(new Error('the test is over'));
      await clock.advance(5_000);
      await Promise.all(rig.ends);
    },
  };
  return rig;
}

/** Lets simulated time pass in steps that leave room for what is under way. */
export async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 250) await clock.advance(Math.min(left, 250));
}

/** A client whose writes hang until they are called off while it is stalled. */
export function stallable(client: FakeKubernetesClient): { client: KubernetesClient; isStalled: boolean } {
  const hang = (signal: AbortSignal | undefined): Promise<never> =>
    new Promise((_resolve, reject) =>
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
    );
  const stalled: { client: KubernetesClient; isStalled: boolean } = {
    isStalled: false,
    client: {
      ...client,
      create: (kind, object, options) =>
        stalled.isStalled ? hang(options?.signal) : client.create(kind, object, options),
      patch: (kind, key, patch, options) =>
        stalled.isStalled ? hang(options?.signal) : client.patch(kind, key, patch, options),
      delete: (kind, key, options) =>
        stalled.isStalled ? hang(options?.signal) : client.delete(kind, key, options),
    },
  };
  return stalled;
}
