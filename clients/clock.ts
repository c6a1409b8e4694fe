/** Time as everything that waits or stamps sees it, so that tests can hold it still. */
export interface Clock {
  /** Wall time, milliseconds since the epoch. For stamps only: it may jump. */
  now(): number;
  /** Milliseconds that never go back, from an arbitrary start. For durations and expiry. */
  monotonic(): number;
  /** Calls `callback` once after `ms` milliseconds; the returned function cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/** What a timer of JavaScript can wait at most; asked for more, it fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    if (Number.isNaN(ms)) throw new RangeError('nobody can wait for a time that is no number');
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      const rest = left - LONGEST_TIMER_MS;
      timer = rest > 0 ? setTimeout(() => wait(rest), LONGEST_TIMER_MS) : setTimeout(callback, left);
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const onAbort = (): void => {
      cancel();
      reject(signal!.reason as Error);
    };
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
