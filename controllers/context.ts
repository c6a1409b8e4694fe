import type { Clock } from '../clients/clock.ts';
import type { Cloud } from '../clients/digitalocean/cloud.ts';
import { createServerInformer, type ServerInformer } from '../clients/digitalocean/server-informer.ts';
import type { PollIntervals } from '../clients/digitalocean/poll-schedule.ts';
import type { KubernetesClient } from '../clients/kubernetes/client.ts';
import { DROPLETS, PROJECTS, SECRETS, SERVICE_DEPLOYMENTS } from '../clients/kubernetes/kinds.ts';
import type { Logger } from '../clients/log.ts';
import type { HiddenText, SshPool } from '../clients/ssh/ssh.ts';
import { fleetTag } from '../crds/cloud-tags.ts';
import { DROPLETS_BY_PROJECT, type Context, type Hosts } from '../reconcilers/context.ts';
import { createAccountRoom } from '../reconcilers/gate/account-room.ts';
import { uidsWithServers } from '../reconcilers/gate/book.ts';
import { createGate, type Gate } from '../reconcilers/gate/gate.ts';
import { guardedCloud } from '../reconcilers/gate/guarded-cloud.ts';
import { createLedger } from '../reconcilers/gate/ledger.ts';
import { createStanding } from '../reconcilers/gate/standing.ts';
import type { Engine } from '../reconcilers/host/desired.ts';
import type { HostTimings } from '../reconcilers/host/timings.ts';
import { createProbeResults } from '../reconcilers/probe/results.ts';
import { PROBE_SECTIONS } from '../reconcilers/probe/sections.ts';
import { createPauses } from '../reconcilers/pauses.ts';
import { createCsvState } from '../reconcilers/projects-csv/csv-state.ts';
import { createSecretSource, type SecretSource } from '../reconcilers/secrets/source.ts';
import type { SecretVariables } from '../reconcilers/secrets/values.ts';
import { createSince } from '../reconcilers/since.ts';
import { createSizeCatalog } from '../reconcilers/sizes/catalog.ts';
import { createSshKeyUpload, keyNameOf } from '../reconcilers/ssh-key/upload.ts';
import type { Timings } from './all.ts';
import { createEventRecorder, EVENT_COMPONENT, type SendingEventRecorder } from './runtime/events.ts';
import type { SharedInformers } from './runtime/informers.ts';

/** What the context is made of. */
export interface ContextOptions {
  kubernetes: KubernetesClient;
  cloud: Cloud;
  clock: Clock;
  /** 0 up to but not including 1. */
  random: () => number;
  log: Logger;
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
  /** The way to the hosts; without it servers are only made and destroyed, never configured. */
  hosts?: HostOptions;
  /** What runs the containers of services that do not say it themselves; docker by default. */
  engine?: Engine;
  pollIntervals?: PollIntervals;
  /** Where the secrets of services may be besides Kubernetes; nowhere when absent. */
  secretVariables?: SecretVariables;
}

/** What working on hosts takes besides `sshPublicKey`. */
interface HostOptions {
  ssh: SshPool;
  /** The private half of `sshPublicKey`. */
  privateKey: HiddenText;
  /** Where sshd answers; 22 by default. */
  sshPort?: number;
}

/** The waits of what all reconcilers share. */
type SharedTimings = Pick<Timings, 'gate' | 'droplet' | 'host'>;

/** Makes what all reconcilers share; nothing is read or written yet. */
export function createContext(
  options: ContextOptions & { csvPath?: string },
  informers: Pick<SharedInformers, 'of'>,
  timings: SharedTimings,
): Context & { events: SendingEventRecorder } {
  const { kubernetes, clock, fleetId, apiId, log, random, namespace, newNonce, csvPath } = options;
  const servers = serverInformerOf(options);
  const [projects, droplets] = [informers.of(PROJECTS), informers.of(DROPLETS)];
  const services = informers.of(SERVICE_DEPLOYMENTS);
  const events = createEventRecorder({ client: kubernetes, clock, log, random, component: EVENT_COMPONENT });
  const identity = {
    fleet: fleetId,
    api: apiId,
    ...(options.machine !== undefined && { machine: options.machine }),
  };
  const standing = createStanding({
    ...options,
    servers,
    droplets,
    identity,
    otherFleets: signal => sshKey.otherFleets(signal),
  });
  const cloud = guardedCloud(options.cloud, standing);
  const sshKey = createSshKeyUpload(cloud, keyNameOf(fleetId), options.sshPublicKey);
  const shared = { kubernetes, cloud, servers, fleetId, apiId, namespace, clock };
  return {
    ...shared,
    projects,
    droplets,
    services,
    standing,
    gate: gateOf({ ...shared, projects, droplets, standing, events, log }, timings),
    room: createAccountRoom({
      limit: () => standing.dropletLimit(),
      servers,
      droplets,
      clock,
      refusedMs: timings.droplet.refusedMs,
    }),
    since: createSince(clock),
    pauses: createPauses(clock, random),
    sizes: createSizeCatalog(cloud, clock),
    sshKey,
    events,
    newNonce,
    ...(options.hosts && { hosts: hostsOf(options, options.hosts, timings.host) }),
    ...(options.hosts && { secrets: secretsOf(options, options.hosts, informers) }),
    ...(csvPath && { csv: createCsvState(namespace) }),
  };
}

const serverInformerOf = ({
  cloud,
  fleetId,
  clock,
  log,
  random,
  pollIntervals,
}: ContextOptions): ServerInformer =>
  createServerInformer({
    cloud,
    tag: fleetTag(fleetId),
    clock,
    log,
    random,
    ...(pollIntervals && { intervals: pollIntervals }),
  });

const secretsOf = (
  { secretVariables, namespace }: ContextOptions,
  { privateKey }: HostOptions,
  informers: Pick<SharedInformers, 'of'>,
): SecretSource =>
  createSecretSource({
    variables: secretVariables ?? { sourceOf: () => undefined, valueOf: () => undefined },
    secrets: informers.of(SECRETS),
    services: informers.of(SERVICE_DEPLOYMENTS),
    namespace,
    privateKey,
  });

type GateContext = Pick<
  Context,
  'kubernetes' | 'namespace' | 'clock' | 'projects' | 'droplets' | 'standing' | 'events'
> & { log: Logger };

function gateOf({ namespace, ...context }: GateContext, timings: SharedTimings): Gate {
  const { kubernetes, clock, droplets } = context;
  return createGate({
    ...context,
    ledger: createLedger({ kubernetes, namespace, clock }),
    dropletsOf: key => uidsWithServers(droplets.byIndex(DROPLETS_BY_PROJECT, key)),
    settleMs: timings.gate.settleMs,
  });
}

function hostsOf(
  { sshPublicKey, random, clock, engine = 'docker' }: ContextOptions,
  { ssh, privateKey, sshPort = 22 }: HostOptions,
  timings: HostTimings,
): Hosts {
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
