import type { Registry } from 'prom-client';
import { sleep, type Clock } from '../clients/clock.ts';
import type { Cloud } from '../clients/digitalocean/cloud.ts';
import { createFirewallList } from '../clients/digitalocean/firewall-list.ts';
import { createFleet, type Fleet } from '../clients/digitalocean/fleet.ts';
import type { PollIntervals } from '../clients/digitalocean/poll-schedule.ts';
import type { KubernetesClient } from '../clients/kubernetes/client.ts';
import { createInformer } from '../clients/kubernetes/informer.ts';
import { CONFIG_MAPS, DROPLETS, PROJECTS, SERVICE_DEPLOYMENTS } from '../clients/kubernetes/kinds.ts';
import type { Logger } from '../clients/log.ts';
import type { HiddenText, SshPool } from '../clients/ssh/ssh.ts';
import { describeError } from '../clients/log/describe-error.ts';
import { watchFile, type WatchedFile } from '../config/watched-file.ts';
import { fleetTag } from '../crds/cloud-tags.ts';
import { firewallPrefix } from '../crds/firewall-name.ts';
import { ADMIN_ACCESS_CONFIG_MAP } from '../crds/names.ts';
import {
  DROPLETS_BY_PROJECT,
  DROPLETS_BY_PROJECT_NAME,
  DROPLETS_BY_UID,
  PROJECTS_BY_NAME,
  projectKeyOf,
  type Context,
  type Firewalls,
  type Hosts,
} from '../reconcilers/context.ts';
import { createAdminAccess } from '../reconcilers/firewall/admin-access.ts';
import type { AdminSettings } from '../reconcilers/firewall/sources.ts';
import type { Engine } from '../reconcilers/host/desired.ts';
import { createAccountRoom } from '../reconcilers/gate/account-room.ts';
import { uidsWithServers } from '../reconcilers/gate/book.ts';
import { createGate } from '../reconcilers/gate/gate.ts';
import { guardedCloud } from '../reconcilers/gate/guarded-cloud.ts';
import { createLedger } from '../reconcilers/gate/ledger.ts';
import { createStanding } from '../reconcilers/gate/standing.ts';
import { createLeftoverReconciler } from '../reconcilers/leftovers/reconcile.ts';
import { createPauses } from '../reconcilers/pauses.ts';
import { createProbeResults } from '../reconcilers/probe/results.ts';
import { PROBE_SECTIONS } from '../reconcilers/probe/sections.ts';
import { createSince } from '../reconcilers/since.ts';
import { createSizeCatalog } from '../reconcilers/sizes/catalog.ts';
import { createSshKeyUpload, keyNameOf } from '../reconcilers/ssh-key/upload.ts';
import {
  DEFAULT_FIREWALL_TIMINGS,
  DEFAULT_HOST_TIMINGS,
  DEFAULT_TIMINGS,
  type FirewallTimings,
  type HostTimings,
  type Timings,
} from '../reconcilers/timings.ts';
import { allControllers } from './all.ts';
import { registerFleetMetrics } from './fleet-metrics.ts';
import { createEventRecorder, type SendingEventRecorder } from './runtime/events.ts';
import { shareInformers, type SharedInformers } from './runtime/informers.ts';
import { createManager, type Manager, type ManagerOptions } from './runtime/manager.ts';
import type { RuntimeMetrics } from './runtime/metrics.ts';

/** controller-runtime's SyncPeriod: how often every object is looked at without a reason. */
const RESYNC_MS = 10 * 3_600_000;
const FLUSH_MS = 1_000;

/** Everything that an operator is given; it finds nothing by itself. */
export interface OperatorOptions {
  kubernetes: KubernetesClient;
  cloud: Cloud;
  clock: Clock;
  /** 0 up to but not including 1. */
  random: () => number;
  log: Logger;
  registry: Registry;
  metrics: RuntimeMetrics;
  fleetId: string;
  /** The uid of the Kubernetes API's kube-system. */
  apiId: string;
  /** The machine that the API's data is on, such as `4c4c4544@web1`, where the API is one of our own. */
  machine?: string;
  /** The namespace of the Projects that come from projects.csv. */
  namespace: string;
  /** One line of OpenSSH's format. */
  sshPublicKey: string;
  newNonce: () => string;
  newReconcileId: () => string;
  /** The way to the hosts; without it servers are only made and destroyed, never configured. */
  hosts?: HostOptions;
  /** What runs the containers on hosts; docker unless told. */
  engine?: Engine;
  /** Whom SSH lets in; without it no firewall is made. */
  firewalls?: FirewallOptions;
  /** Projects are made from this file; none is when absent. */
  csvPath?: string;
  /** infrastructure.json; it is not written when absent. */
  infrastructurePath?: string;
  http?: ManagerOptions['http'];
  /** Needed wherever another operator could be started against the same API. */
  leaderElection?: ManagerOptions['leaderElection'];
  timings?: Timings;
  pollIntervals?: PollIntervals;
}

/** What working on hosts takes besides `sshPublicKey`. */
export interface HostOptions {
  ssh: SshPool;
  /** The private half of `sshPublicKey`. */
  privateKey: HiddenText;
  /** Where sshd answers; 22 unless told. */
  sshPort?: number;
  timings?: HostTimings;
}

/** What firewalls let in. */
export interface FirewallOptions extends AdminSettings {
  /** The address that droplets see this operator under; rejects with a sentence that says what to do. */
  operatorAddress: (signal: AbortSignal) => Promise<string>;
  timings?: FirewallTimings;
}

/** An operator, ready to run. */
export interface Operator {
  /** Works until the signal aborts; see Manager.run for how it may end otherwise. */
  run(signal: AbortSignal): Promise<void>;
}

/** Puts an operator together; nothing is read or written before it runs. */
export function createOperator(options: OperatorOptions): Operator {
  const { kubernetes, clock, random, log, metrics } = options;
  const informers = shareInformers(kind =>
    createInformer(kubernetes, kind, {
      clock,
      random,
      log,
      resyncMs: RESYNC_MS,
      ...(kind.kind === CONFIG_MAPS.kind && { selection: adminAccessOf(options) }),
    }),
  );
  const fleet = createFleet({
    cloud: options.cloud,
    tag: fleetTag(options.fleetId),
    clock,
    log,
    random,
    ...(options.pollIntervals && { intervals: options.pollIntervals }),
  });
  const watch = (path: string): WatchedFile =>
    watchFile(path, error =>
      log.warn(
        `${path} is read once a second, as its folder cannot be watched; where too many are, raise fs.inotify.max_user_instances`,
        { error: describeError(error) },
      ),
    );
  const files = [options.csvPath, options.infrastructurePath].map(path => path && watch(path));
  const [csv, infrastructure] = files.map(file => file || undefined);
  const context = createContext(options, informers, fleet);
  const leftovers = createLeftoverReconciler(context);
  const services = informers.of(SERVICE_DEPLOYMENTS);
  registerFleetMetrics(options.registry, {
    projects: () => context.projects.list(),
    droplets: () => context.droplets.list(),
    prices: () => new Map([...context.sizes.known()].map(([slug, size]) => [slug, size.priceMonthly])),
    leftovers: () => leftovers.current().length,
    holds: () => context.gate.holds(),
  });
  const manager = createManager({
    controllers: allControllers({
      context,
      leftovers,
      services,
      namespace: options.namespace,
      ...(csv && { csv }),
      ...(infrastructure && { infrastructure }),
    }),
    leaderTasks: [{ name: 'fleet', run: signal => fleet.start(signal) }],
    informers,
    clock,
    log,
    metrics,
    newReconcileId: options.newReconcileId,
    ...(options.http && { http: options.http }),
    ...(options.leaderElection && { leaderElection: options.leaderElection }),
  });
  const watched = [csv, infrastructure].filter(file => file !== undefined);
  return {
    async run(signal) {
      try {
        await runAndClose(manager, watched, signal);
      } finally {
        await lastEvents(context.events, clock);
      }
    },
  };
}

/** Events are no reason to hold up a stop; the last ones of a clean one are written within moments. */
async function lastEvents(events: SendingEventRecorder, clock: Clock): Promise<void> {
  const over = new AbortController();
  const patience = sleep(clock, FLUSH_MS, over.signal).catch(() => undefined);
  await Promise.race([events.flushed(), patience]);
  over.abort();
}

async function runAndClose(
  manager: Manager,
  files: readonly WatchedFile[],
  signal: AbortSignal,
): Promise<void> {
  try {
    await Promise.all(files.map(file => file.ready()));
    await manager.run(signal);
  } finally {
    await Promise.all(files.map(file => file.close()));
  }
}

function createContext(options: OperatorOptions, informers: SharedInformers, fleet: Fleet) {
  const { kubernetes, clock, fleetId, apiId, log, random, namespace } = options;
  const droplets = informers.of(DROPLETS);
  droplets.addIndex(DROPLETS_BY_PROJECT, droplet => [projectKeyOf(droplet)]);
  droplets.addIndex(DROPLETS_BY_PROJECT_NAME, droplet => [droplet.spec.project]);
  droplets.addIndex(DROPLETS_BY_UID, droplet => [droplet.metadata.uid!]);
  const projects = informers.of(PROJECTS);
  projects.addIndex(PROJECTS_BY_NAME, project => [project.metadata.name]);
  const timings = options.timings ?? DEFAULT_TIMINGS;
  const events = createEventRecorder({ client: kubernetes, clock, log, random, component: 'dropfleet' });
  const identity = {
    fleet: fleetId,
    api: apiId,
    ...(options.machine !== undefined && { machine: options.machine }),
  };
  const standing = createStanding({
    ...options,
    fleet,
    droplets,
    identity,
    otherFleets: signal => sshKey.otherFleets(signal),
  });
  const cloud = guardedCloud(options.cloud, standing);
  const sshKey = createSshKeyUpload(cloud, keyNameOf(fleetId), options.sshPublicKey);
  return {
    kubernetes,
    cloud,
    fleet,
    fleetId,
    apiId,
    clock,
    droplets,
    projects,
    standing,
    gate: createGate({
      kubernetes,
      ledger: createLedger({ kubernetes, namespace, clock }),
      standing,
      droplets,
      projects,
      dropletsOf: key => uidsWithServers(droplets.byIndex(DROPLETS_BY_PROJECT, key)),
      events,
      clock,
      log,
      settleMs: timings.gateSettleMs,
    }),
    room: createAccountRoom({
      limit: () => standing.dropletLimit(),
      fleet,
      droplets,
      clock,
      refusedMs: timings.refusedMs,
    }),
    since: createSince(clock),
    pauses: createPauses(clock, random),
    sizes: createSizeCatalog(cloud, clock),
    sshKey,
    events,
    timings,
    newNonce: options.newNonce,
    ...(options.hosts && { hosts: hostsOf(options, options.hosts) }),
    ...(options.firewalls && { firewalls: firewallsOf({ ...options, cloud }, options.firewalls, informers) }),
  } satisfies Context;
}

function hostsOf(
  { sshPublicKey, random, clock, engine = 'docker' }: OperatorOptions,
  options: HostOptions,
): Hosts {
  const { ssh, privateKey, sshPort = 22, timings = DEFAULT_HOST_TIMINGS } = options;
  return {
    ssh,
    privateKey,
    publicKey: sshPublicKey,
    port: sshPort,
    engine,
    timings,
    random,
    sections: PROBE_SECTIONS,
    probes: createProbeResults(clock),
  };
}

function firewallsOf(
  { cloud, clock, fleetId, namespace, hosts }: OperatorOptions,
  options: FirewallOptions,
  informers: SharedInformers,
): Firewalls {
  const { operatorAddress, timings = DEFAULT_FIREWALL_TIMINGS } = options;
  const configMaps = informers.of(CONFIG_MAPS);
  return {
    list: createFirewallList(cloud, firewallPrefix(fleetId), clock),
    adminAccess: createAdminAccess({
      settings: options,
      operatorAddress,
      override: () => configMaps.get(`${namespace}/${ADMIN_ACCESS_CONFIG_MAP}`),
      clock,
      maxAgeMs: timings.maxAgeMs,
      retryMs: timings.addressRetryMs,
    }),
    sshPort: hosts?.sshPort ?? 22,
    timings,
  };
}

/** The one ConfigMap that the operator reads: of others it need not, and may not, know. */
const adminAccessOf = ({ namespace }: OperatorOptions) => ({
  namespace,
  fieldSelector: `metadata.name=${ADMIN_ACCESS_CONFIG_MAP}`,
});
