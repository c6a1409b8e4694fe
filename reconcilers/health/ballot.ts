import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isAlreadyExists } from '../../clients/kubernetes/errors.ts';
import { LEASES } from '../../clients/kubernetes/kinds.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import { voteLease, voteName, type Vote } from './vote.ts';

type Api = Pick<KubernetesClient, 'create' | 'patch' | 'delete'>;

/** Casts a vote, or renews it. */
export async function castVote(
  kubernetes: Api,
  vote: Vote,
  namespace: string,
  droplet: Droplet,
  signal: AbortSignal,
): Promise<void> {
  const lease = voteLease(vote, namespace, droplet);
  try {
    await kubernetes.create(LEASES, lease, { signal });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    await kubernetes.patch(LEASES, keyOf(lease), { spec: lease.spec }, { signal });
  }
}

/** Takes a vote back, if there is one. */
export const takeBack = (
  kubernetes: Api,
  vote: Pick<Vote, 'dropletID' | 'observer'>,
  namespace: string,
  signal: AbortSignal,
): Promise<void> => kubernetes.delete(LEASES, `${namespace}/${voteName(vote)}`, { signal });
