import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import type { Cluster } from '@kubernetes/client-node/dist/config_types.js';
import { KubeconfigError, type KubeconfigUser } from './kubeconfig-file.ts';
import { pluginLogin, type Login } from './plugin-login.ts';

/** What TLS needs, PEM; absent fields are Node's defaults. */
export interface TlsMaterial {
  ca?: string;
  cert?: string;
  key?: string;
  /** The name that the server's certificate must be for, when it is not the URL's. */
  servername?: string;
  /** False turns verification off, because the kubeconfig says so. */
  rejectUnauthorized?: boolean;
}

/** What proves to the server who is calling. Secret: never logged, never kept in another object. */
export interface Credentials {
  headers: Record<string, string>;
  tls: TlsMaterial;
}

/** Gives the credentials of the moment: tokens, certificates and the CA may be rotated at any time. */
export interface CredentialSource {
  current(signal?: AbortSignal): Promise<Credentials>;
  /** The server refused them: the next `current` asks the credential plugin again. */
  forget(): void;
}

type Read = () => Promise<string | undefined>;

/** The credentials of a kubeconfig's user at its cluster. */
export function credentialSource(
  cluster: Cluster,
  user: KubeconfigUser,
  env: NodeJS.ProcessEnv,
): CredentialSource {
  const ca = material(cluster.caFile, cluster.caData);
  const cert = material(user.certFile, user.certData);
  const key = material(user.keyFile, user.keyData);
  const login = loginOf(cluster, user, env);
  const fixed = withoutUndefined({
    servername: cluster.tlsServerName,
    rejectUnauthorized: cluster.skipTLSVerify ? false : undefined,
  });
  return {
    forget: () => login.forget(),
    async current(signal) {
      const { headers, ...own } = await login.current(signal);
      const tls = withoutUndefined({ ca: await ca(), cert: await cert(), key: await key(), ...own });
      const impersonation = user.impersonateUser ? { 'Impersonate-User': user.impersonateUser } : {};
      return { headers: { ...headers, ...impersonation }, tls: { ...fixed, ...tls } };
    },
  };
}

/** Throws a KubeconfigError when the CA, certificate or key could not be used at all. */
export function checkTls({ ca, cert, key }: TlsMaterial, source: string): void {
  try {
    if (ca !== undefined) void new X509Certificate(ca);
  } catch (cause) {
    throw new KubeconfigError(`the CA certificate in ${source} is not a PEM certificate`, { cause });
  }
  try {
    createSecureContext(withoutUndefined({ cert, key }));
  } catch (cause) {
    const message = `the client certificate and key in ${source} cannot be used: ${(cause as Error).message}`;
    throw new KubeconfigError(message, { cause });
  }
}

/** The same order of preference as client-go: token, token file, plugin, basic. */
function loginOf(cluster: Cluster, user: KubeconfigUser, env: NodeJS.ProcessEnv): Login {
  const steady = (current: Login['current']): Login => ({ current, forget: () => undefined });
  if (user.tokenFile) {
    const token = rotatingFile(user.tokenFile);
    return steady(async () => bearer(await token()));
  }
  if (user.token) return steady(async () => bearer(user.token!));
  if (user.exec) return pluginLogin(cluster, user.exec, env);
  if (user.authProvider) return steady(legacyLogin(cluster, user));
  if (user.username) {
    const basic = Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64');
    return steady(async () => ({ headers: { Authorization: `Basic ${basic}` } }));
  }
  return steady(async () => ({ headers: {} }));
}

function bearer(token: string): { headers: Record<string, string> } {
  if (/^[\x20-\x7e]+$/.test(token.trim())) return { headers: { Authorization: `Bearer ${token.trim()}` } };
  throw new KubeconfigError('the token is empty, or holds a character that no header can carry');
}

/** Auth providers left Kubernetes in 1.26; for who still has one, client-node knows them all. */
function legacyLogin(cluster: Cluster, user: KubeconfigUser): Login['current'] {
  const load = async () => {
    const { KubeConfig } = await import('@kubernetes/client-node');
    const config = new KubeConfig();
    config.loadFromClusterAndUser(cluster, user);
    return config;
  };
  let loaded: ReturnType<typeof load> | undefined;
  return async () => {
    const options: { headers: Record<string, string> } = { headers: {} };
    await (await (loaded ??= load())).applyToHTTPSOptions(options);
    return options;
  };
}

function material(file: string | undefined, base64: string | undefined): Read {
  if (file) return rotatingFile(file);
  const text = base64 ? Buffer.from(base64, 'base64').toString('utf8') : undefined;
  return async () => text;
}

/** Reads a file again only when it is another one: Kubernetes swaps a mounted token under a symlink. */
function rotatingFile(path: string): () => Promise<string> {
  let known = { identity: '', text: '' };
  return async () => {
    try {
      const { ino, mtimeMs, size } = await stat(path);
      const identity = `${ino} ${mtimeMs} ${size}`;
      if (identity !== known.identity) known = { identity, text: await readFile(path, 'utf8') };
      return known.text;
    } catch (cause) {
      throw new KubeconfigError(`cannot read ${path}: ${(cause as Error).message}`, { cause });
    }
  };
}

/** `exactOptionalPropertyTypes` tells an absent field from an undefined one, and so does node:tls. */
function withoutUndefined<T extends object>(object: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
