import type { Clock } from '../clock.ts';

/** Calls the API with a signal that aborts after `ms`, and when the outer one does. */
export async function attemptWithin<R>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<R>,
): Promise<R> {
  const attempt = new AbortController();
  const cut = (): void => attempt.abort(signal.reason);
  signal.addEventListener('abort', cut);
  const cancel = clock.after(ms, () =>
    attempt.abort(new Error(`the API did not answer within ${ms / 1000} s`)),
  );
  try {
    signal.throwIfAborted();
    return await call(attempt.signal);
  } finally {
    cancel();
    // Not AbortSignal.any: the outer signal lives as long as the process, and would remember every attempt.
    signal.removeEventListener('abort', cut);
  }
}
