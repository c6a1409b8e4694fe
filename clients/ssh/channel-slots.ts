/** How many channels of one connection may be open at once; who comes later waits, first come, first served. */
export interface ChannelSlots {
  /** Resolves with what gives the slot back; rejects with the signal's reason when it aborts first. */
  take(signal?: AbortSignal): Promise<() => void>;
  /** The host takes no more than are in use now: from now on that is the limit, but at least one. */
  shrink(): void;
  /** How many are taken. */
  readonly inUse: number;
}

/** `limit` free slots; `onIdle` is called whenever the last one is given back. */
export function createChannelSlots(limit: number, onIdle: () => void): ChannelSlots {
  const waiting: (() => void)[] = [];
  let inUse = 0;
  let most = limit;

  const grant = (): (() => void) => {
    inUse++;
    let isGiven = false;
    return () => {
      if (isGiven) return;
      isGiven = true;
      inUse--;
      if (inUse < most) waiting.shift()?.();
      if (inUse === 0) onIdle();
    };
  };

  return {
    get inUse() {
      return inUse;
    },
    shrink: () => void (most = Math.max(1, Math.min(most, inUse))),
    take(signal) {
      if (signal?.aborted) return Promise.reject(signal.reason as Error);
      if (inUse < most) return Promise.resolve(grant());
      return new Promise((resolve, reject) => {
        const turn = (): void => {
          signal?.removeEventListener('abort', leave);
          resolve(grant());
        };
        const leave = (): void => {
          waiting.splice(waiting.indexOf(turn), 1);
          reject(signal!.reason as Error);
        };
        waiting.push(turn);
        signal?.addEventListener('abort', leave, { once: true });
      });
    },
  };
}
