import type { Clock } from '../../clients/clock.ts';

/** A stream of events from outside the Kubernetes API: a file that changed, a poller that saw a difference. */
export interface Source<T> {
  /** Calls the handler with every event from now on; the returned function ends that. */
  subscribe(handler: (event: T) => void): () => void;
}

/** A source that its owner feeds. An event that nobody listens to is lost, as the next reconcile finds its cause. */
export interface Trigger<T> extends Source<T> {
  emit(event: T): void;
}

/** An event every `ms` milliseconds while somebody listens: for what may change without a word. */
export function every(clock: Pick<Clock, 'after'>, ms: number): Source<void> {
  return {
    subscribe(handler) {
      let cancel = clock.after(ms, tick);
      function tick(): void {
        cancel = clock.after(ms, tick);
        handler();
      }
      return () => cancel();
    },
  };
}

/** A trigger without listeners. */
export function createTrigger<T>(): Trigger<T> {
  const handlers = new Set<(event: T) => void>();
  return {
    subscribe(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    emit(event) {
      for (const handler of handlers) handler(event);
    },
  };
}

/** No event, ever: for a controller whose source is left out. */
export const never: Source<never> = { subscribe: () => () => {} };

/** One event as soon as a controller listens: the first reconcile of a controller that has no objects. */
export const atStart: Source<void> = {
  subscribe(handler) {
    handler();
    return () => {};
  },
};
