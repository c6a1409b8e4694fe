import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isForbidden } from '../../clients/kubernetes/errors.ts';
import { LEASES, type Lease } from '../../clients/kubernetes/kinds.ts';

/** The Lease that operators of one cluster contend for. */
export const LEADER_LEASE = 'dropfleet-leader';

/** Where operators lead now, and where any ever led; who led last comes first. */
interface LeaderNamespaces {
  live: string[];
  all: string[];
}

/**
 * The namespace from which this cluster's operator works: its Lease is there, its SSH key, and the Projects of
 * projects.csv. A person's kubeconfig mostly names another one, where a command would find none of them, and start a
 * second operator beside the first.
 */
export async function operatorNamespace(
  kubernetes: Pick<KubernetesClient, 'list'>,
  own: string,
  now: Date,
): Promise<string> {
  const { live, all } = await leaderNamespaces(kubernetes, now);
  for (const namespaces of [live, all])
    if (namespaces.length > 0) return namespaces.includes(own) ? own : namespaces[0]!;
  return own;
}

/** The namespace of an operator that leads now, if one does. */
export async function leadingNamespace(
  kubernetes: Pick<KubernetesClient, 'list'>,
  now: Date,
): Promise<string | undefined> {
  return (await leaderNamespaces(kubernetes, now)).live[0];
}

async function leaderNamespaces(
  kubernetes: Pick<KubernetesClient, 'list'>,
  now: Date,
): Promise<LeaderNamespaces> {
  const leases = (await leaderLeases(kubernetes)).toSorted((a, b) => renewedAt(b) - renewedAt(a));
  const namespaceOf = ({ metadata }: Lease): string => metadata.namespace ?? '';
  return { live: leases.filter(lease => isHeld(lease, now)).map(namespaceOf), all: leases.map(namespaceOf) };
}

/** Whoever may not see the Leases of other namespaces has but the own one to go by. */
async function leaderLeases(kubernetes: Pick<KubernetesClient, 'list'>): Promise<Lease[]> {
  try {
    const { items } = await kubernetes.list(LEASES, { fieldSelector: `metadata.name=${LEADER_LEASE}` });
    return items;
  } catch (error) {
    if (isForbidden(error)) return [];
    throw error;
  }
}

const renewedAt = ({ spec }: Lease): number => Date.parse(spec?.renewTime ?? '') || 0;

/** Whether somebody holds it, and has said so lately enough. */
export const isHeld = (lease: Lease, now: Date): boolean =>
  Boolean(lease.spec?.holderIdentity) &&
  now.getTime() - renewedAt(lease) < (lease.spec?.leaseDurationSeconds ?? 0) * 1_000;
