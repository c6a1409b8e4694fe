import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isAlreadyExists, isNotFound } from '../../clients/kubernetes/errors.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../clients/kubernetes/kinds.ts';
import { FLEET_CONFIG_MAP } from '../../crds/names.ts';

/**
 * What a fleet belongs to, as it was when it began. Whoever finds something else, be it another token, another
 * cluster, another key or another sheet, is not to act before a person has said that this is meant.
 */
export interface FleetRecord {
  /** The fleet's name, which its tag in the cloud carries. */
  fleet?: string;
  /** The uuid of the DigitalOcean account. */
  account?: string;
  /** The uid of the Kubernetes API's kube-system. */
  api?: string;
  /** The machine whose state directory holds the API, where it is one of our own. */
  machine?: string;
  /** Where the desired rows come from, such as `ConfigMap dropfleet-config` or `host:/srv/shop/projects.csv`. */
  source?: string;
  /** The fingerprint of the fleet's SSH key. */
  sshKey?: string;
}

type Client = Pick<KubernetesClient, 'get' | 'create' | 'patch'>;

/** The record, as the operator's namespace holds it; empty when there is none yet. */
export async function readFleetRecord(
  kubernetes: Pick<Client, 'get'>,
  namespace: string,
  signal?: AbortSignal,
): Promise<FleetRecord> {
  try {
    const { data } = await kubernetes.get(CONFIG_MAPS, keyIn(namespace), signal ? { signal } : undefined);
    return data ?? {};
  } catch (error) {
    if (isNotFound(error)) return {};
    throw error;
  }
}

/** Writes these entries of it, and leaves the others as they are. */
export async function writeFleetRecord(
  kubernetes: Client,
  namespace: string,
  record: FleetRecord,
  signal?: AbortSignal,
): Promise<void> {
  const data = { ...record } as Record<string, string>;
  const options = signal ? { signal } : undefined;
  const patch = () => kubernetes.patch(CONFIG_MAPS, keyIn(namespace), { data }, options);
  try {
    await patch();
  } catch (error) {
    if (!isNotFound(error)) throw error;
    try {
      await kubernetes.create(CONFIG_MAPS, newRecord(namespace, data), options);
    } catch (createError) {
      if (!isAlreadyExists(createError)) throw createError;
      await patch();
    }
  }
}

const keyIn = (namespace: string): string => `${namespace}/${FLEET_CONFIG_MAP}`;

const newRecord = (namespace: string, data: Record<string, string>): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: FLEET_CONFIG_MAP, namespace },
  data,
});
