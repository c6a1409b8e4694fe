import { join } from 'node:path';
import { isLoopbackUrl, loadEnvironment, type Settings } from '../../config/environment.ts';
import { isPrivateNetwork } from '../../config/network.ts';
import { ConfigurationError, formatProblems } from '../../config/problems.ts';
import type { GlobalOptions } from '../options.ts';

/** Where the droplets are. */
export type CloudKind = 'digitalocean' | 'sandbox';

/** What the environment and the options say about the world. */
export interface WorldSettings {
  settings: Settings;
  /** DigitalOcean when there is a token, else the sandbox. */
  cloudKind: CloudKind;
  /** A cluster was named: by --kubeconfig, by $KUBECONFIG, or by running in a pod. */
  hasCluster: boolean;
  /** The folder of this world's own files: a rehearsal and the real fleet never share one. */
  folder: string;
}

/** Where variables are besides the environment. */
export const ENV_FILE = '.env';

/** Reads the environment; a mistake in it stops the command. */
export function readWorldSettings(options: GlobalOptions): WorldSettings {
  const { settings, problems } = loadEnvironment({ env: process.env, envFile: ENV_FILE });
  if (problems.length > 0) throw new ConfigurationError(formatProblems(problems));
  const cloudKind = settings.token === undefined ? 'sandbox' : 'digitalocean';
  if (settings.token === undefined && settings.apiUrl !== undefined)
    throw new ConfigurationError(
      'DIGITALOCEAN_API_URL is set but DO_TOKEN is not: set DO_TOKEN to a token that this address accepts, or unset both to rehearse in the sandbox',
    );
  if (cloudKind === 'digitalocean') expectPublicAddresses(settings);
  const { KUBECONFIG, KUBERNETES_SERVICE_HOST } = process.env;
  // One that is empty is as good as unset, and hides no other.
  const hasCluster = [options.kubeconfig, KUBECONFIG, KUBERNETES_SERVICE_HOST].some(Boolean);
  return { settings, cloudKind, hasCluster, folder: join(options.stateDir, cloudKind) };
}

/** Droplets at DigitalOcean see nobody under a private address, but for ADDITIONAL_IPS in their own VPC. */
function expectPublicAddresses({ adminIp, operatorIp, apiUrl }: Settings): void {
  if (isSandboxUrl(apiUrl)) return;
  const addresses = { ADMIN_IP: adminIp, DROPFLEET_OPERATOR_IP: operatorIp };
  for (const [name, address] of Object.entries(addresses))
    if (address !== undefined && isPrivateNetwork(address)) throw privateAddress(name, address);
}

/** Whether an API is on this machine: then its droplets are, too, and no internet is between. */
export const isSandboxUrl = (apiUrl: string | undefined): boolean =>
  apiUrl !== undefined && isLoopbackUrl(apiUrl);

/** The failure of an address that the internet does not carry. */
export const privateAddress = (name: string, address: string): ConfigurationError =>
  new ConfigurationError(
    `${name} is ${address}, a private address that droplets at DigitalOcean never see anybody under: set it to your public address, or leave it unset to have that found out`,
  );

/**
 * Where metrics and health are served: in a pod everywhere, as its probes come from its node and scrapes from another;
 * else nobody but this machine needs them.
 */
export const metricsHost = ({ KUBERNETES_SERVICE_HOST }: NodeJS.ProcessEnv): string =>
  KUBERNETES_SERVICE_HOST ? '0.0.0.0' : '127.0.0.1';
