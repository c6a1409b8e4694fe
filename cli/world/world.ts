import { join } from 'node:path';
import { systemClock } from '../../clients/clock.ts';
import { createCloud, type HttpCloud } from '../../clients/digitalocean/http-client.ts';
import type { RequestReport } from '../../clients/digitalocean/caller.ts';
import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { createKubernetesClient } from '../../clients/kubernetes/http-client.ts';
import { connectionTo, loadConnection, type Connection } from '../../clients/kubernetes/kubeconfig.ts';
import type { RequestRecord } from '../../clients/kubernetes/transport.ts';
import type { FleetKey } from '../../reconcilers/ssh-key/key-ring.ts';
import { CommandFailure } from '../failure.ts';
import { createLogger } from '../logger.ts';
import type { GlobalOptions } from '../options.ts';
import { findDaemon, type DaemonFile } from './daemon-file.ts';
import { identityOf } from './identity.ts';
import {
  startSandboxCloud,
  startStandaloneApi,
  viewStandaloneApi,
  whenFree,
  type Patience,
  type SandboxCloudOptions,
  type SandboxHosts,
} from './embedded.ts';
import { fleetKeys, type FleetKeys } from './fleet-keys.ts';
import { operatorNamespace } from './leader.ts';
import { readWorldSettings, type WorldSettings } from './settings.ts';
import { sweepSshFiles } from './ssh-files.ts';
import { keysInFolder, keysInSecret, type KeyPlace } from './ssh-key.ts';

/** A Kubernetes API and a cloud to work with, real or embedded. */
export interface World extends WorldSettings {
  readonly connection: Connection;
  readonly kubernetes: KubernetesClient;
  readonly cloud: HttpCloud;
  readonly cloudUrl: string;
  /** Where sshd answers on droplets. */
  readonly sshPort: number;
  /** The machines of a sandbox that was started with this world. */
  readonly hosts?: SandboxHosts;
  /** The namespace of the operator's own objects, and of the Projects that come from projects.csv. */
  readonly namespace: string;
  /** The kubeconfig to give to kubectl; undefined when it is the user's own. */
  readonly kubeconfig?: string;
  /** The daemon that already runs this world. */
  readonly daemon?: DaemonFile;
  /** Nothing may be written, not even what was found out on the way. */
  readonly readOnly: boolean;
  /** The state directory holds nothing yet; only who may not write finds it so. */
  readonly isNew?: boolean;
  /** Undoes all that was started, last first. */
  close(): Promise<void>;
}

/** What is told about the requests of a world. */
export interface Observers {
  onKubernetesRequest?: (record: RequestRecord) => void;
  onCloudRequest?: (report: RequestReport) => void;
}

/** Embedded servers listen on any free port unless told. */
export interface WorldOptions extends GlobalOptions, Observers, SandboxCloudOptions, Patience {}

/**
 * Finds the world or makes it: a cluster that was named, else the daemon's API, else an embedded one; and
 * DigitalOcean when there is a token, else the daemon's sandbox, else an embedded one.
 */
export async function openWorld(options: WorldOptions): Promise<World> {
  const settings = readWorldSettings(options);
  if (settings.cloudKind === 'sandbox' && settings.hasCluster) throw await noToken(options);
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer();
  };
  try {
    const daemon = settings.hasCluster ? undefined : await findDaemon(settings.folder);
    const api = await openKubernetes(options, settings, daemon, closers);
    const cloud = await openCloud(options, settings, daemon, closers);
    const { readOnly = false } = options;
    return { ...settings, ...api, ...cloud, readOnly, ...(daemon && { daemon }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A cluster was meant, perhaps by a variable that somebody forgot about. */
async function noToken({ kubeconfig }: GlobalOptions): Promise<CommandFailure> {
  const { env } = process;
  const { server } = await loadConnection({ kubeconfig, env });
  const why = kubeconfig
    ? `--kubeconfig names ${kubeconfig}`
    : env['KUBECONFIG']
      ? `KUBECONFIG is set to ${env['KUBECONFIG']} (unset it to go without a cluster)`
      : 'this runs in one of its pods';
  return new CommandFailure(
    `DO_TOKEN is not set. The cluster at ${server} is meant, because ${why}, and with a cluster the droplets are real: set DO_TOKEN to a DigitalOcean token (for a rehearsal, run "dropfleet sandbox" and set DIGITALOCEAN_API_URL to its address and DO_TOKEN to any word)`,
  );
}

type Closers = (() => Promise<void>)[];

async function openKubernetes(
  options: WorldOptions,
  { hasCluster, folder }: WorldSettings,
  daemon: DaemonFile | undefined,
  closers: Closers,
): Promise<Pick<World, 'connection' | 'kubernetes' | 'namespace' | 'kubeconfig' | 'isNew'>> {
  const embedded =
    hasCluster || daemon !== undefined ? undefined : await openEmbedded(options, folder, closers);
  const kubeconfig = daemon?.kubeconfig ?? embedded?.kubeconfig;
  const connection =
    embedded?.connection ??
    (await loadConnection({ kubeconfig: kubeconfig ?? options.kubeconfig, env: process.env }));
  const { onKubernetesRequest: onRequest } = options;
  // 5 s is lease duration less renew deadline: a call that outlasts it could overlap another leader's.
  const client = createKubernetesClient(connection, {
    clock: systemClock,
    callTimeoutMs: 5_000,
    ...(onRequest && { onRequest }),
  });
  closers.push(() => client.close());
  const { namespace } = connection;
  return {
    connection,
    kubernetes: client,
    namespace: hasCluster ? await operatorNamespace(client, namespace, new Date()) : namespace,
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(embedded?.isNew && { isNew: true }),
  };
}

/** An API of the state directory itself, or for who only reads one that shows what is stored there. */
async function openEmbedded(
  options: WorldOptions,
  folder: string,
  closers: Closers,
): Promise<{ connection?: Connection; kubeconfig?: string; isNew?: boolean }> {
  if (!options.readOnly) {
    const start = () => startStandaloneApi(folder, options.ports);
    const api = await whenFree(options, start);
    closers.push(() => api.close());
    await sweepSshFiles(folder);
    return { kubeconfig: api.kubeconfig };
  }
  const view = await viewStandaloneApi(folder);
  closers.push(() => view.close());
  const { url, authority, token, isEmpty } = view;
  return { connection: await connectionTo(url, authority, token, 'standalone'), isNew: isEmpty };
}

async function openCloud(
  options: WorldOptions,
  { cloudKind, settings, folder }: WorldSettings,
  daemon: DaemonFile | undefined,
  closers: Closers,
): Promise<Pick<World, 'cloud' | 'cloudUrl' | 'sshPort' | 'hosts'>> {
  const place =
    cloudKind === 'digitalocean'
      ? { cloudUrl: settings.apiUrl ?? DIGITALOCEAN_URL, sshPort: settings.sshPort ?? SSH_PORT }
      : await openSandbox(options, folder, daemon, closers);
  const { onCloudRequest: onRequest } = options;
  const cloud = createCloud({
    token: settings.token?.reveal() ?? SANDBOX_TOKEN,
    apiUrl: place.cloudUrl,
    clock: systemClock,
    random: Math.random,
    log: createLogger(options, 'warn', options.remarks),
    ...(onRequest && { onRequest }),
  });
  closers.push(() => Promise.resolve(cloud.close()));
  return { cloud, ...place };
}

/** The sandbox takes any token. */
const SANDBOX_TOKEN = 'sandbox';

const DIGITALOCEAN_URL = 'https://api.digitalocean.com';
const SSH_PORT = 22;

async function openSandbox(
  options: WorldOptions,
  folder: string,
  daemon: DaemonFile | undefined,
  closers: Closers,
): Promise<Pick<World, 'cloudUrl' | 'sshPort' | 'hosts'>> {
  if (daemon?.sandboxUrl !== undefined)
    return { cloudUrl: daemon.sandboxUrl, sshPort: daemon.sshPort ?? SSH_PORT };
  const sandbox = await whenFree(options, () => startSandboxCloud(folder, options));
  closers.push(() => sandbox.close());
  const { url, hosts } = sandbox;
  return { cloudUrl: url, sshPort: hosts?.sshPort ?? SSH_PORT, ...(hosts && { hosts }) };
}

/** What tells this fleet's resources from others in the account. */
export const fleetIdOf = async (world: World): Promise<string> => (await identityOf(world)).fleet;

/** This world's SSH keys, in the Secret or in the folder. */
export const sshKeysOf = (
  world: Pick<World, 'hasCluster' | 'kubernetes' | 'namespace' | 'folder'>,
): FleetKeys => fleetKeys(keyPlaceOf(world), world.kubernetes, world.namespace);

/** Where this world keeps the fleet's SSH keys. */
export function keyPlaceOf({
  hasCluster,
  kubernetes,
  namespace,
  folder,
}: Pick<World, 'hasCluster' | 'kubernetes' | 'namespace' | 'folder'>): KeyPlace {
  return hasCluster ? keysInSecret(kubernetes, namespace) : keysInFolder(join(folder, 'ssh'));
}

/** The key pair that the fleet's droplets let in; for an operator, which makes the first one. */
export const sshKeyOf = async (world: World): Promise<FleetKey> => (await sshKeysOf(world).read()).current;

/** The same for a command that only reads. */
export async function presentSshKeyOf(world: World): Promise<FleetKey> {
  const ring = await sshKeysOf(world).find();
  if (ring !== undefined) return ring.current;
  throw new CommandFailure(
    'there is no SSH key yet: the operator makes it when it starts, see "dropfleet up" and "dropfleet orchestrate"',
  );
}
