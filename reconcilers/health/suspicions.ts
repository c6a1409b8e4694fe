import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isForbidden } from '../../clients/kubernetes/errors.ts';
import { LEASES } from '../../clients/kubernetes/kinds.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, splitKey } from '../../crds/meta.ts';
import { inWords } from './recovery-plan.ts';
import { OBSERVER_LABEL, readVote, VOTE_SECONDS, type Vote } from './vote.ts';

/** What observers say of one server. */
export interface Suspicion {
  namespace: string;
  name: string;
  project: string;
  /** Who cannot reach it. */
  by: string[];
  /** When the first probe failed, RFC 3339. */
  since: string;
}

/** The votes in that namespace; none for who may not read them. */
export async function readVotes(
  kubernetes: Pick<KubernetesClient, 'list'>,
  namespace: string,
): Promise<Vote[]> {
  try {
    const { items } = await kubernetes.list(LEASES, { namespace, labelSelector: OBSERVER_LABEL });
    return items.flatMap(lease => readVote(lease) ?? []);
  } catch (error) {
    if (isForbidden(error)) return [];
    throw error;
  }
}

/**
 * Who says what about whom, for a person; what is decided goes by the tally. Votes that are about no server of today,
 * and those that nobody renews, are left out.
 *
 * @param now ms since the epoch.
 */
export function suspicionsOf(votes: readonly Vote[], droplets: readonly Droplet[], now: number): Suspicion[] {
  const ids = new Map(droplets.map(droplet => [keyOf(droplet), droplet.status?.server?.id]));
  const live = votes.filter(
    ({ target, dropletID, renewedAt }) =>
      ids.get(target) === dropletID && now - renewedAt <= VOTE_SECONDS * 1_000,
  );
  return [...Map.groupBy(live, ({ target }) => target)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([target, all]) => ({
      namespace: splitKey(target).namespace ?? '',
      name: splitKey(target).name,
      project: all[0]!.project,
      by: all.map(({ observer }) => observer).toSorted(),
      since: new Date(Math.min(...all.map(({ failingSince }) => failingSince))).toISOString(),
    }));
}

/** `shop-web1 suspected by shop-master and witness for 23 s`. */
export const describeSuspicion = ({ name, by, since }: Suspicion, now: number): string =>
  `${name} suspected by ${inWords(by)} for ${Math.max(0, Math.round((now - Date.parse(since)) / 1_000))} s`;
