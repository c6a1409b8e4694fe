import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isAlreadyExists, isNotFound } from '../../clients/kubernetes/errors.ts';
import { CONFIG_MAPS } from '../../clients/kubernetes/kinds.ts';
import { ADDRESS_CONFIG_MAP } from '../../crds/names.ts';

/** An address that was reserved for a Project, which may be gone. */
export interface RecordedAddress {
  address: string;
  /** The Project's. */
  uid: string;
  /** `namespace/name` of it. */
  project: string;
}

type Client = Pick<KubernetesClient, 'create' | 'patch'>;

/**
 * Writes down whose an address is, or, without an owner, that it is nobody's any more. DigitalOcean puts no tags on
 * addresses, and what only the Project knew would be paid for by nobody's knowledge once that is gone.
 *
 * @param namespace the operator's.
 */
export async function recordAddress(
  kubernetes: Client,
  namespace: string,
  address: string,
  owner: Pick<RecordedAddress, 'uid' | 'project'> | undefined,
  signal: AbortSignal,
): Promise<void> {
  const data = { [address]: owner === undefined ? null : `${owner.uid} ${owner.project}` };
  const patch = () =>
    kubernetes.patch(CONFIG_MAPS, `${namespace}/${ADDRESS_CONFIG_MAP}`, { data }, { signal });
  try {
    await patch();
  } catch (error) {
    if (!isNotFound(error)) throw error;
    if (owner === undefined) return;
    const metadata = { name: ADDRESS_CONFIG_MAP, namespace };
    try {
      await kubernetes.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata }, { signal });
    } catch (createError) {
      if (!isAlreadyExists(createError)) throw createError;
    }
    await patch();
  }
}

/** All that were written down; none where nobody ever asked for one. */
export async function readAddresses(
  kubernetes: Pick<KubernetesClient, 'get'>,
  namespace: string,
): Promise<RecordedAddress[]> {
  try {
    const { data = {} } = await kubernetes.get(CONFIG_MAPS, `${namespace}/${ADDRESS_CONFIG_MAP}`);
    return Object.entries(data).flatMap(([address, text]) => {
      const [uid, project] = text.split(' ');
      return uid && project ? [{ address, uid, project }] : [];
    });
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}
