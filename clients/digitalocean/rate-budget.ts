import type { Clock } from '../clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/**
 * What this program allows itself of DigitalOcean's limits per token (API reference, "Rate Limit": 5,000 in an
 * hour, 250 in a minute; 10 lists of SSH keys in a minute). The rest is for requests that bunch up on their
 * way, and for a person who uses the same token.
 */
const LIMITS = {
  all: [
    { calls: 240, ms: MINUTE },
    { calls: 4_800, ms: HOUR },
  ],
  keys: [{ calls: 9, ms: MINUTE }],
  // What creates leave to others, so that a burst of them does not use up the minute in which a server must go.
  create: [
    { calls: 220, ms: MINUTE },
    { calls: 4_600, ms: HOUR },
  ],
};

/**
 * In which order calls that wait are let through, whenever they came: `urgent` ones first, which destroy, switch or
 * rescue something, creates last. Creates do not starve: of what is urgent there is no more than servers are there.
 * Lists of keys, which have a limit of their own, are as ordinary as other lists.
 */
const ORDER = ['urgent', 'ordinary', 'create'] as const;

/** What decides when a call's turn comes. */
export type BudgetKind = (typeof ORDER)[number] | 'keys';

/** What a reply said of the limits. */
interface LimitReport {
  status: number;
  /** Requests left in this hour. */
  remaining?: number;
  /** Milliseconds until a request is available again. */
  resetMs?: number;
  /** Milliseconds that a 429 asks for. */
  retryAfterMs?: number;
}

/** One allowance of calls for everything that uses the same token. Calls of one kind pass first come first served. */
export interface RateBudget {
  /** Resolves when the call may be sent, and counts it. Rejects only with the signal's reason. */
  take(kind: BudgetKind, signal?: AbortSignal): Promise<void>;
  /** Takes in what a reply said: others may use the same token. */
  report(kind: BudgetKind, reply: LimitReport): void;
}

/** A full budget. */
export function createRateBudget(clock: Clock): RateBudget {
  const all = createLane(LIMITS.all);
  const keys = createLane(LIMITS.keys);
  const lanesOf = {
    urgent: [all],
    ordinary: [all],
    keys: [all, keys],
    create: [all, createLane(LIMITS.create)],
  };
  const queues = ORDER.map(() => new Set<Waiting>());
  let cancelTimer: (() => void) | undefined;

  const queueOf = (kind: BudgetKind): Set<Waiting> =>
    queues[ORDER.indexOf(kind === 'keys' ? 'ordinary' : kind)]!;

  /** Lets those through whose turn it is. */
  function letThrough(): void {
    cancelTimer?.();
    const now = clock.monotonic();
    const nextAt = Math.min(...queues.map(queue => letThroughOf(queue, now)));
    cancelTimer = nextAt === Infinity ? undefined : clock.after(nextAt - now, letThrough);
  }

  /** When it must be tried again. A list of keys that must wait longer holds up nobody behind it. */
  function letThroughOf(queue: Set<Waiting>, now: number): number {
    let nextAt = Infinity;
    for (const waiting of queue) {
      const freeAt = Math.max(...waiting.lanes.map(lane => lane.freeAt()));
      if (freeAt > now) {
        nextAt = Math.min(nextAt, freeAt);
        if (waiting.kind !== 'keys' || all.freeAt() > now) break;
        continue;
      }
      for (const lane of waiting.lanes) lane.count(now);
      queue.delete(waiting);
      waiting.pass();
    }
    return nextAt;
  }

  return {
    take(kind, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const queue = queueOf(kind);
        const waiting = { kind, lanes: lanesOf[kind], pass };
        const onAbort = (): void => {
          queue.delete(waiting);
          letThrough();
          reject(signal!.reason as Error);
        };
        function pass(): void {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        }
        signal?.addEventListener('abort', onAbort, { once: true });
        queue.add(waiting);
        letThrough();
      });
    },
    report(kind, { status, remaining, resetMs = MINUTE, retryAfterMs = MINUTE }) {
      const now = clock.monotonic();
      const closeUntil = (lane: Lane, ms: number): void => lane.closeUntil(now + ms);
      if (remaining === 0) closeUntil(all, resetMs);
      else if (status === 429) closeUntil(kind === 'keys' ? keys : all, retryAfterMs);
    },
  };
}

interface Waiting {
  kind: BudgetKind;
  lanes: Lane[];
  pass: () => void;
}

/** The limits that apply to some of the calls, and how far they are used. */
interface Lane {
  /** When the next call may be sent. */
  freeAt(): number;
  count(now: number): void;
  closeUntil(time: number): void;
}

function createLane(limits: readonly { calls: number; ms: number }[]): Lane {
  const windows = limits.map(({ calls, ms }) => createSlidingWindow(calls, ms));
  let closedUntil = -Infinity;
  return {
    freeAt: () => Math.max(closedUntil, ...windows.map(window => window.freeAt())),
    count(now) {
      for (const window of windows) window.count(now);
    },
    closeUntil: time => void (closedUntil = Math.max(closedUntil, time)),
  };
}

/** Counts calls so that no more than `limit` fall into any stretch of `ms` milliseconds. */
function createSlidingWindow(limit: number, ms: number): { freeAt(): number; count(now: number): void } {
  /** When the last `limit` calls were made; the oldest is the next to be overwritten. */
  const times = new Float64Array(limit).fill(-Infinity);
  let oldest = 0;
  return {
    freeAt: () => times[oldest]! + ms,
    count(now) {
      times[oldest] = now;
      oldest = (oldest + 1) % limit;
    },
  };
}
