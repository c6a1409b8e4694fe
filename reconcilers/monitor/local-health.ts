// Whether this process has reason to doubt itself before it doubts others (Lifeguard's idea: missing answers may be
// missed answers). It has when its own loops run late, or when most of what it looks at seems dead at once.

/** So late is a loop of a process that does not get to run in time, in milliseconds. */
const LATE_MS = 1_000;
/** How long a late loop is remembered, in milliseconds. */
const MEMORY_MS = 30_000;
/** Of fewer targets nothing can be said. */
const FEWEST = 3;
/** What the number of failures is multiplied by in doubt. */
const DOUBTFUL = 2;

/** What one process knows of itself. */
export interface LocalHealth {
  /** A probe began so many milliseconds after it was due; `now` is monotonic. */
  began(lateMs: number, now: number): void;
  /** How the last probe of that pair ended; undefined when it told nothing of the target, or is no more. */
  ended(pair: string, isSilent: boolean | undefined): void;
  /** How much more patience than usual it takes to believe a failure: 1 or 2. */
  patience(now: number): number;
}

/** A process that has no reason yet. */
export function createLocalHealth(): LocalHealth {
  const silent = new Map<string, boolean>();
  let lateAt = -Infinity;
  const isAlone = (): boolean => {
    const dead = [...silent.values()].filter(isSilent => isSilent).length;
    return silent.size >= FEWEST && dead > silent.size / 2;
  };
  return {
    began(lateMs, now) {
      if (lateMs > LATE_MS) lateAt = now;
    },
    ended(pair, isSilent) {
      if (isSilent === undefined) silent.delete(pair);
      else silent.set(pair, isSilent);
    },
    patience: now => (now - lateAt < MEMORY_MS || isAlone() ? DOUBTFUL : 1),
  };
}
