import { isApiError } from './api-error.ts';

const RETRY_MS = 1000;

/** Work that goes on between requests. */
export interface Deferred {
  schedule(): void;
  /** Forgets what is scheduled. */
  cancel(): void;
}

/**
 * Does that work once, however often it is scheduled, soon but never within the call that schedules it. What the API
 * refuses, as on a full disk, is tried again a second later.
 */
export function deferred(work: () => void): Deferred {
  let immediate: NodeJS.Immediate | undefined;
  let retry: NodeJS.Timeout | undefined;
  const run = (): void => {
    immediate = undefined;
    try {
      work();
    } catch (error) {
      if (!isApiError(error)) throw error;
      clearTimeout(retry);
      retry = setTimeout(run, RETRY_MS);
    }
  };
  return {
    schedule: () => (immediate ??= setImmediate(run)),
    cancel: () => {
      clearImmediate(immediate);
      clearTimeout(retry);
    },
  };
}

/** Does the work on each item, whatever happens to the others; at the end throws the first refusal. */
export function forEachAnyway<T>(items: Iterable<T>, work: (item: T) => void): void {
  const refusals: Error[] = [];
  for (const item of items) {
    try {
      work(item);
    } catch (error) {
      if (!isApiError(error)) throw error;
      refusals.push(error);
    }
  }
  if (refusals[0] !== undefined) throw refusals[0];
}
