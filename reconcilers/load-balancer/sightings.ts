import type { Clock } from '../../clients/clock.ts';
import type { ObjectKey } from '../../crds/meta.ts';
import type { LoadBalancerFacts } from './facts.ts';

/**
 * What the regular look at a host told of its load balancer: a converged master is looked at once for both. It is
 * also the source that wakes the load balancer's controller.
 */
export interface Sightings {
  /**
   * Takes note of what a look told.
   *
   * @param startedAt when the look began, by the monotonic clock.
   */
  saw(master: ObjectKey, facts: LoadBalancerFacts, startedAt: number): void;
  /** The last sighting, once; undefined when there is none that began after the last `changed`. */
  take(master: ObjectKey): LoadBalancerFacts | undefined;
  /** The master is not any more as it was seen. */
  changed(master: ObjectKey): void;
  /** Calls the handler with the master of every sighting from now on; the returned function ends that. */
  subscribe(handler: (master: ObjectKey) => void): () => void;
}

/** Nothing was seen. */
export function createSightings(clock: Pick<Clock, 'monotonic'>): Sightings {
  const seen = new Map<ObjectKey, { facts: LoadBalancerFacts; startedAt: number }>();
  const changes = new Map<ObjectKey, number>();
  const handlers = new Set<(master: ObjectKey) => void>();
  return {
    saw(master, facts, startedAt) {
      seen.set(master, { facts, startedAt });
      for (const handler of handlers) handler(master);
    },
    take(master) {
      const last = seen.get(master);
      seen.delete(master);
      return last !== undefined && last.startedAt > (changes.get(master) ?? -Infinity)
        ? last.facts
        : undefined;
    },
    changed: master => void changes.set(master, clock.monotonic()),
    subscribe(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
  };
}
