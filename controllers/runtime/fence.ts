/**
 * Runs a side effect that must not be under way when another process could already lead. The signal that it
 * gets aborts in time; the promise rejects at once when this process must not act any more. An effect that waits before
 * it goes out asks the signal's guard then (clients/guard.ts); calls to the cloud do.
 */
export type Fence = <R>(effect: (signal: AbortSignal) => Promise<R>) => Promise<R>;

/** For a process that has no contender: only the signal stops its effects. */
export function fenceBySignal(signal: AbortSignal): Fence {
  return async effect => {
    signal.throwIfAborted();
    return effect(signal);
  };
}
