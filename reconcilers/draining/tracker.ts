import type { Clock } from '../../clients/clock.ts';
import type { ObjectKey } from '../../crds/meta.ts';

/** Remembers since when masters have sent nothing to a server any more; to forget it costs a little more waiting. */
export interface DrainTracker {
  /**
   * Takes note that the master runs a configuration without these servers, and of the others that they are not out.
   *
   * @returns for how many ms each has been out, in their order.
   */
  areOut(master: ObjectKey, servers: readonly string[]): number[];
  /** It is not known what the master runs. */
  forget(master: ObjectKey): void;
}

/** Nothing is out. */
export function createDrainTracker(clock: Pick<Clock, 'monotonic'>): DrainTracker {
  const masters = new Map<ObjectKey, ReadonlyMap<string, number>>();
  return {
    areOut(master, servers) {
      const now = clock.monotonic();
      const before = masters.get(master);
      const since = new Map(servers.map(server => [server, before?.get(server) ?? now]));
      if (since.size === 0) masters.delete(master);
      else masters.set(master, since);
      return [...since.values()].map(began => now - began);
    },
    forget: master => void masters.delete(master),
  };
}
