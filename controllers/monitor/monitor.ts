import { sleep, type Clock } from '../../clients/clock.ts';
import { createInformer } from '../../clients/kubernetes/informer.ts';
import type { Informer, KubernetesClient } from '../../clients/kubernetes/client.ts';
import { DROPLETS, LEASES, SERVICE_DEPLOYMENTS, type Lease } from '../../clients/kubernetes/kinds.ts';
import { describeError } from '../../clients/log/describe-error.ts';
import type { Logger } from '../../clients/log.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import { FLEET_LABEL } from '../../crds/names.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { Hosts } from '../../reconcilers/context.ts';
import { projectKeyOf } from '../../reconcilers/context.ts';
import { HEARTBEAT_MS, weighBySha256 } from '../../reconcilers/monitor/heartbeat.ts';
import { shareVantages } from '../../reconcilers/monitor/share-plan.ts';
import { isVantage, pairsOf, type Pair } from '../../reconcilers/monitor/watch-plan.ts';
import { createLeaseWriter, type LeaseWriter } from '../../reconcilers/health/lease-writer.ts';
import { joinMonitors, type Membership } from './membership.ts';
import { createPairs, type Pairs, type PairsOptions } from './pairs.ts';
import { createVouching, type Vouching } from './vouching.ts';

/** Changes come in bursts; so long they are gathered, in milliseconds. */
const SETTLE_MS = 1_000;
/** How long a stop waits for the farewell to be written. */
const FAREWELL_MS = 2_000;

/** What a monitor is given; it finds nothing by itself. */
export interface MonitorOptions extends Pick<PairsOptions, 'metrics' | 'onTransition'> {
  readonly kubernetes: KubernetesClient;
  /** Where votes are, and heartbeats: the operator's own. */
  readonly namespace: string;
  /** Unique to this process; part of a Lease's name and value of a label. */
  readonly name: string;
  /** Droplets that it acts for whatever others do; without any it takes its share. */
  readonly pinned?: readonly ObjectKey[];
  readonly hosts: Pick<Hosts, 'ssh' | 'port' | 'privateKey'>;
  readonly clock: Clock;
  /** 0 up to but not including 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** Hears whom it acts for, and whom those observe, whenever that changes. */
  readonly onShare?: (pairs: readonly Pair[]) => void;
}

/** A monitor, ready to run. */
export interface Monitor {
  /** Observes until the signal aborts; votes that stand then run out. */
  run(signal: AbortSignal): Promise<void>;
  /** Whether it knows the fleet. */
  isReady(): boolean;
}

/** The objects that a monitor goes by. */
export interface Caches {
  readonly droplets: Informer<Droplet>;
  readonly services: Informer<ServiceDeployment>;
  /** Of the operator's namespace, its own leadership left out, which changes every other second. */
  readonly leases: Informer<Lease>;
}

/** Nothing is read or written before it runs. */
export function createMonitor(options: MonitorOptions): Monitor {
  const caches = cachesFor(options);
  return {
    isReady: () => Object.values(caches).every(cache => cache.hasSynced()),
    async run(signal) {
      const stop = new AbortController();
      const end = (): void => stop.abort(signal.reason);
      signal.addEventListener('abort', end, { once: true });
      if (signal.aborted) end();
      try {
        await work(options, caches, stop.signal);
      } catch (error) {
        // Waiting ends so when it is to stop.
        if (!signal.aborted) throw error;
      } finally {
        stop.abort(new Error('the monitor is being stopped'));
        signal.removeEventListener('abort', end);
      }
    },
  };
}

function cachesFor({ kubernetes, clock, random, log, namespace }: MonitorOptions): Caches {
  const settings = { clock, random, log };
  const selection = { namespace, labelSelector: `!${FLEET_LABEL}` };
  return {
    droplets: createInformer(kubernetes, DROPLETS, settings),
    services: createInformer(kubernetes, SERVICE_DEPLOYMENTS, settings),
    leases: createInformer(kubernetes, LEASES, { ...settings, selection }),
  };
}

/** What one run consists of. */
interface Working {
  readonly options: MonitorOptions;
  readonly caches: Caches;
  readonly membership: Membership;
  readonly pairs: Pairs;
  readonly vouching: Vouching;
}

async function work(options: MonitorOptions, caches: Caches, signal: AbortSignal): Promise<void> {
  const { clock, namespace, name, pinned, log, kubernetes } = options;
  const { droplets, leases } = caches;
  const onFailure = (lease: string, error: unknown): void =>
    log.debug('could not write a Lease', { lease, error: describeError(error) });
  const writerParts = { kubernetes, leases, clock, onFailure };
  const writer: LeaseWriter = createLeaseWriter(writerParts, signal);
  const self = { name, pinned };
  const membership = joinMonitors({ self, namespace, leases, clock }, writer);
  const pairs = createPairs({ ...options, droplets, leases, writer }, signal);
  const vouching = createVouching({ ...options, droplets, leases, writer, monitor: name });
  const working = { options, caches, membership, pairs, vouching };
  const whenChanged = gathered(clock, SETTLE_MS, () => refresh(working));
  for (const cache of [droplets, caches.services, leases]) cache.onChange(whenChanged);
  for (const cache of Object.values(caches)) cache.start(signal);
  await Promise.all(Object.values(caches).map(cache => cache.synced(signal)));
  try {
    for (;;) {
      // Not waited for: an API that does not answer must not keep anybody from looking.
      void membership.beat();
      refresh(working);
      vouching.renew(working.pairs.vantages(), signal);
      membership.sweep();
      await sleep(clock, HEARTBEAT_MS, signal);
    }
  } finally {
    await farewell(writerParts, { self, namespace, leases, clock });
  }
}

/** Takes up what is this monitor's share now, and leaves the rest. */
function refresh({ options, caches, membership, pairs }: Working): void {
  const droplets = caches.droplets.list();
  const vantages = droplets.filter(isVantage);
  const shares = shareVantages(
    vantages.map(droplet => ({
      droplet: keyOf(droplet),
      project: projectKeyOf(droplet),
      role: droplet.spec.role,
    })),
    membership.live(),
    weighBySha256,
  );
  const own = vantages.filter(droplet => shares.get(keyOf(droplet)) === options.name);
  const fleet = { droplets, services: caches.services.list(), sshPort: options.hosts.port };
  const wanted = pairsOf(own, fleet);
  if (pairs.set(own.map(keyOf), wanted)) options.onShare?.(wanted);
}

/** Calls `work` a while after the first of several calls. */
function gathered(clock: Clock, ms: number, work: () => void): () => void {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    clock.after(ms, () => {
      isDue = false;
      work();
    });
  };
}

/** So that the others take over at once; a signal of its own, as the run is over. */
async function farewell(
  parts: Parameters<typeof createLeaseWriter>[0],
  member: Parameters<typeof joinMonitors>[0],
): Promise<void> {
  const over = new AbortController();
  const cancel = parts.clock.after(FAREWELL_MS, () => over.abort(new Error('nobody answered')));
  await joinMonitors(member, createLeaseWriter(parts, over.signal)).leave();
  cancel();
}
