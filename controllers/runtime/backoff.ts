/** controller-runtime's per-item exponential rate limiter: 5 ms, doubling, at most 1000 s. */
const BASE_MS = 5;
const CAP_MS = 1_000_000;

/** How long each key must wait after its failures. */
export interface Backoff {
  /** The wait in ms after one more failure. */
  next(key: string): number;
  /** The key's failures are history. */
  forget(key: string): void;
}

/** A backoff in which no key has failed yet. */
export function createBackoff(): Backoff {
  const failures = new Map<string, number>();
  return {
    next(key) {
      const before = failures.get(key) ?? 0;
      failures.set(key, before + 1);
      return Math.min(BASE_MS * 2 ** before, CAP_MS);
    },
    forget: key => void failures.delete(key),
  };
}
