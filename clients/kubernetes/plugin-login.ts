import type { Cluster } from '@kubernetes/client-node/dist/config_types.js';
import { systemClock } from '../clock.ts';
import { quoted } from '../log/printable.ts';
import { KubeconfigError, type ExecSpec } from './kubeconfig-file.ts';
import { PluginFailure, runPlugin } from './run-plugin.ts';
import { createSharedRun } from './shared-run.ts';

/** What a way to log in comes to: headers, and perhaps a certificate with its key, PEM. */
export interface LoginAnswer {
  headers: Record<string, string>;
  cert?: string;
  key?: string;
}

/** A way to log in. */
export interface Login {
  current(signal?: AbortSignal): Promise<LoginAnswer>;
  forget(): void;
}

/** Plugins ask remote services, and those may wait for a second factor. */
const LIMIT_MS = 30_000;

/** client.authentication.k8s.io: runs the plugin, keeps its answer until it expires, one run at a time. */
export function pluginLogin(cluster: Cluster, spec: ExecSpec, env: NodeJS.ProcessEnv): Login {
  const added = Object.fromEntries(spec.env.map(({ name, value }) => [name, value]));
  const info = { KUBERNETES_EXEC_INFO: execInfo(spec, cluster) };
  const plugin = { command: spec.command, args: spec.args, env: { ...env, ...added, ...info } };
  let known: Credential | undefined;
  const run = createSharedRun(async signal => {
    try {
      return (known = readCredential(await runPlugin(plugin, LIMIT_MS, signal)));
    } catch (error) {
      throw error instanceof PluginFailure ? sentence(spec, error) : error;
    }
  });
  return {
    async current(signal) {
      const { answer } = known !== undefined && systemClock.now() < known.until ? known : await run(signal);
      return answer;
    },
    forget: () => void (known = undefined),
  };
}

function sentence(
  { command, installHint }: ExecSpec,
  { message, isMissing }: PluginFailure,
): KubeconfigError {
  const hint = isMissing && installHint !== undefined ? `; ${installHint.trim()}` : '';
  return new KubeconfigError(`the credential plugin ${quoted(command, 200)} ${message}${hint}`);
}

/** What the protocol promises to plugins. */
function execInfo(spec: ExecSpec, cluster: Cluster): string {
  const described = {
    server: cluster.server,
    'certificate-authority-data': cluster.caData,
    'tls-server-name': cluster.tlsServerName,
    'insecure-skip-tls-verify': cluster.skipTLSVerify,
  };
  return JSON.stringify({
    apiVersion: spec.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, ...(spec.provideClusterInfo && { cluster: described }) },
  });
}

interface Credential {
  answer: LoginAnswer;
  /** Milliseconds since the epoch. */
  until: number;
}

interface Status {
  token?: unknown;
  clientCertificateData?: unknown;
  clientKeyData?: unknown;
  expirationTimestamp?: unknown;
}

/** Nothing of the output is shown: it is a credential. */
function readCredential(output: string): Credential {
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = statusIn(output);
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
  if (isText(token) && !/^[\x20-\x7e]+$/.test(token.trim()))
    throw new PluginFailure('gave a token that no header can carry');
  if (!isText(token) && !(isText(cert) && isText(key)))
    throw new PluginFailure('gave neither a token nor a certificate with its key');
  const until = isText(expirationTimestamp) ? Date.parse(expirationTimestamp) : Infinity;
  if (Number.isNaN(until)) throw new PluginFailure('gave an expirationTimestamp that is no time');
  return {
    until,
    answer: {
      headers: isText(token) ? { Authorization: `Bearer ${token.trim()}` } : {},
      ...(isText(cert) && { cert }),
      ...(isText(key) && { key }),
    },
  };
}

function statusIn(output: string): Status {
  let credential: unknown;
  try {
    credential = JSON.parse(output);
  } catch {
    throw new PluginFailure('failed: its output is not JSON');
  }
  const status =
    typeof credential === 'object' && credential !== null && 'status' in credential && credential.status;
  if (typeof status === 'object' && status !== null) return status;
  throw new PluginFailure('failed: its output is no ExecCredential with a status');
}
