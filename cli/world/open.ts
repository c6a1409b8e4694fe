import { systemClock } from '../../clients/clock.ts';
import { CommandFailure } from '../failure.ts';
import { createLogger } from '../logger.ts';
import type { GlobalOptions } from '../options.ts';
import { findDaemon } from './daemon-file.ts';
import { startSandboxCloud, startStandaloneApi, viewStandaloneApi, whenFree } from './embedded.ts';
import { operatorNamespace } from './leader.ts';
import { readWorldSettings } from './settings.ts';
import { sweepSshFiles } from './ssh-files.ts';
import type { CloudPart, KubernetesPart, Place, World, WorldOptions, WorldParts } from './world.ts';

/**
 * Finds the world or makes it: a cluster that was named, else the daemon's API, else an embedded one; and
 * DigitalOcean when there is a token, else the daemon's sandbox, else an embedded one.
 */
export async function openWorld(options: WorldOptions): Promise<World> {
  const parts = await openParts(options);
  try {
    const { openKubernetes, openCloud, ...place } = parts;
    return { ...place, ...(await openKubernetes()), ...(await openCloud()) };
  } catch (error) {
    await parts.close();
    throw error;
  }
}

/** The same for a command that needs less than all of it. Nothing is opened yet. */
export async function openParts(options: WorldOptions): Promise<WorldParts> {
  const settings = readWorldSettings(options);
  if (settings.cloudKind === 'sandbox' && settings.hasCluster && !options.withoutCloud)
    throw await noToken(options);
  const daemon = settings.hasCluster ? undefined : await findDaemon(settings.folder);
  const place: Place = { ...settings, readOnly: options.readOnly ?? false, ...(daemon && { daemon }) };
  const closers: Closers = [];
  return {
    ...place,
    openKubernetes: once(() => openKubernetes(options, place, closers)),
    openCloud: once(() => openCloud(options, place, closers)),
    async close() {
      for (const closer of closers.splice(0).toReversed()) await closer();
    },
  };
}

type Closers = (() => Promise<void>)[];

function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return () => (opened ??= open());
}

/** A cluster was meant, perhaps by a variable that somebody forgot about. */
async function noToken({ kubeconfig }: GlobalOptions): Promise<CommandFailure> {
  const { loadConnection } = await import('../../clients/kubernetes/kubeconfig.ts');
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

async function openKubernetes(
  options: WorldOptions,
  { hasCluster, folder, daemon }: Place,
  closers: Closers,
): Promise<KubernetesPart> {
  const { loadConnection } = await import('../../clients/kubernetes/kubeconfig.ts');
  const { createKubernetesClient } = await import('../../clients/kubernetes/http-client.ts');
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
): Promise<Partial<Pick<KubernetesPart, 'connection' | 'kubeconfig' | 'isNew'>>> {
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
  const { connectionTo } = await import('../../clients/kubernetes/kubeconfig.ts');
  return { connection: await connectionTo(url, authority, token, 'standalone'), isNew: isEmpty };
}

async function openCloud(options: WorldOptions, place: Place, closers: Closers): Promise<CloudPart> {
  const { createCloud } = await import('../../clients/digitalocean/http-client.ts');
  const { settings } = place;
  const where =
    place.cloudKind === 'digitalocean'
      ? { cloudUrl: settings.apiUrl ?? DIGITALOCEAN_URL, sshPort: sshPortOf(place) }
      : await openSandbox(options, place, closers);
  const { onCloudRequest: onRequest } = options;
  const cloud = createCloud({
    token: settings.token?.reveal() ?? SANDBOX_TOKEN,
    apiUrl: where.cloudUrl,
    clock: systemClock,
    random: Math.random,
    log: createLogger(options, 'warn', options.remarks),
    ...(onRequest && { onRequest }),
  });
  closers.push(() => Promise.resolve(cloud.close()));
  return { cloud, ...where };
}

/** The sandbox takes any token. */
const SANDBOX_TOKEN = 'sandbox';

const DIGITALOCEAN_URL = 'https://api.digitalocean.com';
const SSH_PORT = 22;

/** Where sshd answers on the droplets of a cloud that is there already. */
export const sshPortOf = ({ cloudKind, settings, daemon }: Place): number =>
  (cloudKind === 'digitalocean' ? settings.sshPort : daemon?.sshPort) ?? SSH_PORT;

async function openSandbox(
  options: WorldOptions,
  place: Place,
  closers: Closers,
): Promise<Omit<CloudPart, 'cloud'>> {
  const { daemon, folder } = place;
  if (daemon?.sandboxUrl !== undefined) return { cloudUrl: daemon.sandboxUrl, sshPort: sshPortOf(place) };
  const sandbox = await whenFree(options, () => startSandboxCloud(folder, options));
  closers.push(() => sandbox.close());
  const { url, hosts } = sandbox;
  return { cloudUrl: url, sshPort: hosts?.sshPort ?? SSH_PORT, ...(hosts && { hosts }) };
}
