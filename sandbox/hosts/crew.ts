/** Works on machines: on each by one worker at a time, on a few at once. */
export interface Crew {
  /** Asks for work on a machine; one that is being worked on is worked on once more. */
  ask(id: number): void;
  /** Asks for it, and has no work on that machine begun before so many milliseconds. */
  askLater(id: number, ms: number): void;
  /** Does other work on a machine, with nobody else at it. Rejects as `work` does. */
  exclusively(id: number, work: () => Promise<void>): Promise<void>;
  /** Whether a machine is worked on, or is to be. */
  isAt(id: number): boolean;
  /** Whether work on a machine is put off. */
  isPutOff(id: number): boolean;
  /** Whether all that was asked for is done, or put off. */
  isIdle(): boolean;
  /** Resolves once it is. */
  idle(): Promise<void>;
  /** Lets what is under way end, and begins nothing more. */
  close(): Promise<void>;
}

export interface CrewOptions {
  /** What is done with a machine; it never rejects. */
  readonly work: (id: number) => Promise<void>;
  /** Called each time a machine is free again. */
  readonly onFree: () => void;
  /** Calls back after so many milliseconds; returns what takes it back. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

/** Machines worked on at once. */
const WORKERS = 8;

export function createCrew({ work, onFree, after }: CrewOptions): Crew {
  const asked = new Set<number>();
  const working = new Map<number, Promise<void>>();
  /** What takes back the end of a wait. */
  const waits = new Map<number, () => void>();
  const whenIdle: (() => void)[] = [];
  const isIdle = (): boolean => working.size === 0 && [...asked].every(id => waits.has(id));

  function begin(): void {
    for (const id of asked) {
      if (working.size >= WORKERS) return;
      if (working.has(id) || waits.has(id)) continue;
      asked.delete(id);
      void occupy(id, work(id));
    }
    if (isIdle()) for (const resolve of whenIdle.splice(0)) resolve();
  }

  /** Keeps others away from a machine until the work is over. */
  async function occupy(id: number, under: Promise<void>): Promise<void> {
    working.set(
      id,
      under.catch(() => undefined),
    );
    try {
      await under;
    } finally {
      working.delete(id);
      onFree();
      begin();
    }
  }

  return {
    ask(id) {
      asked.add(id);
      begin();
    },
    askLater(id, ms) {
      waits.get(id)?.();
      const end = (): void => {
        waits.delete(id);
        begin();
      };
      waits.set(id, after(ms, end));
      asked.add(id);
    },
    async exclusively(id, other) {
      while (working.has(id)) await working.get(id);
      await occupy(id, other());
    },
    isAt: id => asked.has(id) || working.has(id),
    isPutOff: id => waits.has(id),
    isIdle,
    async idle() {
      if (!isIdle()) await new Promise<void>(resolve => whenIdle.push(resolve));
    },
    async close() {
      for (const cancel of waits.values()) cancel();
      asked.clear();
      await Promise.all(working.values());
    },
  };
}
