/**
 * Makes a function that runs `work` once for all who ask while it is under way. A caller's own signal lets that caller
 * go, with its reason; when the last one has gone, the work's signal aborts.
 */
export function createSharedRun<T>(
  work: (signal: AbortSignal) => Promise<T>,
): (signal?: AbortSignal) => Promise<T> {
  let current: { result: Promise<T>; stop: AbortController; waiting: number } | undefined;

  function begin(): NonNullable<typeof current> {
    const stop = new AbortController();
    const run = { result: work(stop.signal), stop, waiting: 0 };
    const end = (): void => {
      if (current === run) current = undefined;
    };
    run.result.then(end, end);
    return run;
  }

  return signal => {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    const run = (current ??= begin());
    run.waiting++;
    return new Promise((resolve, reject) => {
      let hasLeft = false;
      const leave = (): void => {
        if (hasLeft) return;
        hasLeft = true;
        signal?.removeEventListener('abort', onAbort);
        if (--run.waiting > 0) return;
        if (current === run) current = undefined;
        run.stop.abort();
      };
      const onAbort = (): void => {
        leave();
        reject(signal!.reason as Error);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      run.result.then(resolve, reject).finally(leave);
    });
  };
}
