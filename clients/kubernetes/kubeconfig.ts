import { access, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { isIPv6 } from 'node:net';
import { quoted } from '../log/printable.ts';
import { checkTls, credentialSource, type CredentialSource } from './credentials.ts';
import { KubeconfigError, readKubeconfig, type KubeconfigSelection } from './kubeconfig-file.ts';

/** Where a Kubernetes API is and how to be let in. Safe to print: credentials are only behind functions. */
export interface Connection {
  /** The URL, without a slash at its end. */
  readonly server: string;
  /** The current context's namespace, or the pod's own; `default` when neither says. */
  readonly namespace: string;
  /** Where this was read from, for messages. */
  readonly source: string;
  /** The kubeconfig's proxy-url: http, https or socks5. */
  readonly proxy: string | undefined;
  readonly credentials: CredentialSource;
}

/** What `loadConnection` reads. */
export interface ConnectionInputs {
  /** A kubeconfig file that was named; wins over everything else. */
  kubeconfig?: string | undefined;
  /** The process's environment: KUBECONFIG, HOME, KUBERNETES_SERVICE_HOST and _PORT. */
  env: NodeJS.ProcessEnv;
  /** Where a pod finds its service account. */
  serviceAccountFolder?: string;
}

const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The way to the Kubernetes API: the kubeconfig that was named, else $KUBECONFIG, else the pod's service
 * account, else ~/.kube/config. Throws a KubeconfigError when none is there or the one found is unusable.
 */
export async function loadConnection(inputs: ConnectionInputs): Promise<Connection> {
  const { kubeconfig, env, serviceAccountFolder = SERVICE_ACCOUNT_FOLDER } = inputs;
  if (kubeconfig) return fromFiles([kubeconfig], env);
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter(file => file !== '');
  if (listed.length > 0) return fromFiles(await existing(listed), env);
  if (env['KUBERNETES_SERVICE_HOST']) return inCluster(env, serviceAccountFolder);
  const own = join(env['HOME'] ?? homedir(), '.kube', 'config');
  if (await exists(own)) return fromFiles([own], env);
  throw new KubeconfigError(
    `no Kubernetes API to speak to: give --kubeconfig FILE, or set KUBECONFIG; ${own} does not exist either`,
  );
}

/** The way to an API that this process serves by itself: with that token, and a certificate of that authority (PEM). */
export async function connectionTo(
  server: string,
  authority: string,
  token: string,
  source: string,
): Promise<Connection> {
  const caData = Buffer.from(authority).toString('base64');
  const cluster = { name: source, server, caData, skipTLSVerify: false };
  return connect({ cluster, user: { name: source, token }, namespace: undefined }, source, {});
}

/** kubectl skips the files of the list that are not there; when none is, the first is complained about. */
async function existing(files: string[]): Promise<string[]> {
  const there = await Promise.all(files.map(exists));
  const found = files.filter((_, index) => there[index]);
  return found.length > 0 ? found : files.slice(0, 1);
}

async function fromFiles(files: string[], env: NodeJS.ProcessEnv): Promise<Connection> {
  return connect(await readKubeconfig(files), files.join(', '), env);
}

async function inCluster(env: NodeJS.ProcessEnv, folder: string): Promise<Connection> {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = env;
  const namespace = await readFile(join(folder, 'namespace'), 'utf8').catch(() => undefined);
  const selection: KubeconfigSelection = {
    cluster: {
      name: 'in-cluster',
      server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
      caFile: join(folder, 'ca.crt'),
      skipTLSVerify: false,
    },
    user: { name: 'service account', tokenFile: join(folder, 'token') },
    namespace: namespace?.trim(),
  };
  return connect(selection, folder, env);
}

async function connect(
  { cluster, user, namespace }: KubeconfigSelection,
  source: string,
  env: NodeJS.ProcessEnv,
): Promise<Connection> {
  if (!isUrl(cluster.server, WEB))
    throw new KubeconfigError(
      `the server ${quoted(cluster.server)} in ${source} is not a URL with https:// or http://`,
    );
  if (cluster.proxyUrl !== undefined && !isUrl(cluster.proxyUrl, PROXIES))
    throw new KubeconfigError(`the proxy-url in ${source} is not a URL with http://, https:// or socks5://`);
  const credentials = credentialSource(cluster, user, env);
  // A plugin may take long or ask a remote service, so its answer is not waited for here.
  if (!user.exec && !user.authProvider) checkTls((await credentials.current()).tls, source);
  return {
    server: cluster.server.replace(/\/+$/, ''),
    namespace: namespace ?? 'default',
    source,
    proxy: cluster.proxyUrl,
    credentials,
  };
}

const WEB = ['https:', 'http:'];
const PROXIES = [...WEB, 'socks5:'];

const isUrl = (text: string, protocols: readonly string[]): boolean =>
  URL.canParse(text) && protocols.includes(new URL(text).protocol);

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
