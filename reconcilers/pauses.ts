import type { Clock } from '../clients/clock.ts';

/** What failed, and how patiently it is tried again. */
export interface Failure {
  /** What was to be done, by whose word: other grounds are no repetition, and wait for nothing. */
  grounds: string;
  /** The kind of failure: another kind begins with its own first pause. */
  cause: string;
  /** The same one, reported again, is no further failure; on other grounds it is an old one, and stands against nothing. */
  id?: number | undefined;
  firstMs: number;
  /** Pauses double up to it. */
  slowestMs: number;
}

/** How long keys wait before they ask again for what failed. It is forgotten with the process, which costs one try. */
export interface Pauses {
  /** Takes note of one more failure; returns for how many ms nothing is to be asked again. */
  failed(key: string, failure: Failure): number;
  /** For how many ms more nothing is to be asked on these grounds; 0 when nothing stands against it. */
  leftMs(key: string, grounds: string): number;
  /** That key is healthy, or there is no such key any more. */
  forget(key: string): void;
}

interface Memory extends Pick<Failure, 'grounds' | 'cause' | 'id'> {
  count: number;
  until: number;
}

/** @param random 0 up to but not including 1, so that those that failed together come back one by one. */
export function createPauses(clock: Pick<Clock, 'monotonic'>, random: () => number): Pauses {
  const memories = new Map<string, Memory>();

  function leftMs(key: string, grounds: string): number {
    const memory = memories.get(key);
    return memory?.grounds === grounds ? Math.max(0, memory.until - clock.monotonic()) : 0;
  }

  return {
    failed(key, { grounds, cause, id, firstMs, slowestMs }) {
      const before = memories.get(key);
      const isSame = before?.grounds === grounds && before.cause === cause;
      if (id !== undefined && before?.id === id) return leftMs(key, grounds);
      const count = isSame ? before.count + 1 : 0;
      const pauseMs = Math.min(firstMs * 2 ** count, slowestMs) * (0.75 + random() / 2);
      memories.set(key, { grounds, cause, id, count, until: clock.monotonic() + pauseMs });
      return pauseMs;
    },
    leftMs,
    forget: key => void memories.delete(key),
  };
}
