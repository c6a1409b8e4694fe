import { isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { ObjectKey } from '../../crds/meta.ts';
import type { Context, Hosts, Run } from '../context.ts';
import { Waiting, type Outcome } from '../outcome.ts';
import { convergeHost } from './converge.ts';
import { tell } from './status.ts';
import { isHostTrouble } from './trouble.ts';

/** Makes hosts as they should be, one key at a time. */
export type HostReconciler = (key: ObjectKey, droplet: Droplet | undefined, run: Run) => Promise<Outcome>;

/** A reconciler that remembers, of each host, only how often in a row it failed. */
export function createHostReconciler(context: Context, hosts: Hosts): HostReconciler {
  const failures = new Map<ObjectKey, number>();
  return async (key, droplet, run) => {
    if (droplet === undefined || !mayBeReached(droplet)) {
      failures.delete(key);
      return undefined;
    }
    try {
      const outcome = await convergeHost(context, hosts, droplet, run);
      failures.delete(key);
      return outcome;
    } catch (error) {
      if (!isHostTrouble(error)) throw error;
      run.signal.throwIfAborted();
      const failed = (failures.get(key) ?? 0) + 1;
      failures.set(key, failed);
      // One attempt that failed is no news about a host that was well a moment ago.
      const isBlip = failed === 1 && error.isUnreachable && isReachable(droplet);
      if (!isBlip) await tell(context, error.droplet, error.said, run);
      throw new Waiting(error.message, pauseAfter(failed, hosts));
    }
  };
}

/** The cloud's side comes first: a server that is there, runs, and is to stay. */
const mayBeReached = ({ metadata, status }: Droplet): boolean =>
  metadata.deletionTimestamp === undefined && isConditionTrue(status?.conditions, 'Provisioned');

const isReachable = ({ status }: Droplet): boolean => isConditionTrue(status?.conditions, 'Reachable');

const pauseAfter = (failed: number, { timings }: Hosts): number =>
  Math.min(timings.retryMs * 2 ** (failed - 1), timings.slowestRetryMs);
