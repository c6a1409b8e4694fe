import { findCondition, isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { ObjectKey } from '../../crds/meta.ts';
import type { Context, Hosts } from '../context.ts';
import type { Run } from '../run.ts';
import { Waiting, type Outcome } from '../outcome.ts';
import { convergeHost } from './converge.ts';
import { reportHost } from './status.ts';
import { isHostError } from './errors.ts';

/** Makes hosts as they should be, one key at a time. */
export type HostReconciler = (key: ObjectKey, droplet: Droplet | undefined, run: Run) => Promise<Outcome>;

/** How often in a row a host failed, and what failed the last time. */
interface Failures {
  times: number;
  step?: string | undefined;
}

/**
 * A reconciler that remembers, of each host, only its failures in a row.
 *
 * @param onTurn hears of the first host that was reached and cannot be any more, and that one of those can: what is true
 * of one may be true of others, and `lost` are those that cannot be.
 */
export function createHostReconciler(
  context: Context,
  hosts: Hosts,
  onTurn: (isReached: boolean, lost: ReadonlySet<ObjectKey>) => void = () => undefined,
): HostReconciler {
  const failures = new Map<ObjectKey, Failures>();
  const lost = new Set<ObjectKey>();
  return async (key, droplet, run) => {
    if (droplet === undefined || !mayBeReached(droplet)) {
      failures.delete(key);
      lost.delete(key);
      hosts.probes.forget(key);
      return undefined;
    }
    try {
      const outcome = await convergeHost(context, hosts, droplet, run, failures.get(key)?.step);
      failures.delete(key);
      if (lost.delete(key)) onTurn(true, lost);
      return outcome;
    } catch (error) {
      if (!isHostError(error)) throw error;
      run.signal.throwIfAborted();
      const times = (failures.get(key)?.times ?? 0) + 1;
      failures.set(key, { times, step: error.step });
      // One attempt that failed is no news about a host that was healthy a moment ago, and that others reach.
      const isBlip = times === 1 && error.isUnreachable && isReachable(droplet) && !isUnhealthy(droplet);
      if (!isBlip) await reportHost(context, error.droplet, error.conditions, run);
      if (!isBlip && error.isUnreachable && isReachable(droplet)) {
        lost.add(key);
        // All are looked at once for the first; what is lost by that says nothing new.
        if (lost.size === 1) onTurn(false, lost);
      }
      throw new Waiting(error.message, pauseAfter(times, hosts));
    }
  };
}

/** The cloud's side comes first: a server that is there, runs, and is to stay. */
const mayBeReached = ({ metadata, status }: Droplet): boolean =>
  metadata.deletionTimestamp === undefined && isConditionTrue(status?.conditions, 'Provisioned');

const isReachable = ({ status }: Droplet): boolean => isConditionTrue(status?.conditions, 'Reachable');

/** Whether a quorum of its observers says that it does not answer. */
export const isUnhealthy = ({ status }: Droplet): boolean =>
  findCondition(status?.conditions, 'Healthy')?.status === 'False';

const pauseAfter = (times: number, { timings }: Hosts): number =>
  Math.min(timings.retryMs * 2 ** (times - 1), timings.slowestRetryMs);
