import type { Clock } from '../../clients/clock.ts';
import type { ObjectKey } from '../../crds/meta.ts';
import { createDrainTracker, type DrainTracker } from '../draining/tracker.ts';

/** What this process has seen of services. To forget it costs another look, and never acts sooner. */
export interface ServiceMemory {
  /** The containers that were found healthy, as `<droplet>/<name>`. */
  proven(key: ObjectKey): Set<string>;
  /** The addresses to which no request is under way. */
  drained(key: ObjectKey): Set<string>;
  /** The droplets on which something failed half-way, so that what is known of their containers may not be so any more. */
  doubted(key: ObjectKey): Set<string>;
  /** Since when addresses are out of the load balancer. */
  readonly tracker: DrainTracker;
  /** A release of the service has made an older one's image superfluous, which was not removed yet. */
  isPruningDue(key: ObjectKey): boolean;
  pruningDue(key: ObjectKey): void;
  pruned(key: ObjectKey): void;
  forget(key: ObjectKey): void;
}

/** Nothing was seen. */
export function createServiceMemory(clock: Pick<Clock, 'monotonic'>): ServiceMemory {
  const proven = new Map<ObjectKey, Set<string>>();
  const drained = new Map<ObjectKey, Set<string>>();
  const doubted = new Map<ObjectKey, Set<string>>();
  const due = new Set<ObjectKey>();
  const tracker = createDrainTracker(clock);
  return {
    proven: key => setIn(proven, key),
    drained: key => setIn(drained, key),
    doubted: key => setIn(doubted, key),
    tracker,
    isPruningDue: key => due.has(key),
    pruningDue: key => void due.add(key),
    pruned: key => void due.delete(key),
    forget(key) {
      due.delete(key);
      proven.delete(key);
      drained.delete(key);
      doubted.delete(key);
      tracker.forget(key);
    },
  };
}

function setIn(sets: Map<ObjectKey, Set<string>>, key: ObjectKey): Set<string> {
  const found = sets.get(key) ?? new Set();
  sets.set(key, found);
  return found;
}
