import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { createComplaint } from '../log/complaint.ts';
import type { Cloud, CloudDroplet } from './cloud.ts';
import { createServerCache, type ServerChange } from './server-cache.ts';
import { UnreadableItems } from './errors.ts';
import { createPollSchedule, type PollIntervals } from './poll-schedule.ts';

export type { ServerChange };

/** What the informer needs. */
export interface ServerInformerOptions {
  cloud: Pick<Cloud, 'listDroplets'>;
  /** The tag that all droplets of the fleet carry. */
  tag: string;
  clock: Clock;
  log: Logger;
  /** 0 to 1, for the jitter of retries. */
  random: () => number;
  intervals?: PollIntervals;
}

/**
 * The fleet's droplets as the cloud last listed them: one list per poll, however many there are. A list that
 * fails changes nothing. One of which some droplets cannot be read leaves those as they were last known; what was never
 * known of them leaves the list in doubt.
 */
export interface ServerInformer {
  /** Lists at once and from then on, until the signal aborts. */
  start(signal: AbortSignal): void;
  /** Resolves once a list succeeded; rejects with the signal's reason. */
  synced(signal?: AbortSignal): Promise<void>;
  /** Resolves once a list that began after the call is in; callers share it. Rejects when that list fails. */
  refresh(): Promise<void>;
  /** In order of id. */
  list(): readonly CloudDroplet[];
  get(id: number): CloudDroplet | undefined;
  byTag(tag: string): readonly CloudDroplet[];
  /**
   * When the newest list that succeeded began, in the clock's monotonic milliseconds. A droplet is absent as of
   * T when it is not in a list that began after T.
   */
  lastListStartedAt(): number | undefined;
  /** Whether the droplet was in any list since the program started. */
  hasBeenSeen(id: number): boolean;
  /** The handler hears of every change from now on, after all of a list is in. Returns what ends it. */
  subscribe(handler: (change: ServerChange) => void): () => void;
  /** Whether the object of that key is in motion: while any is, lists come faster. */
  setMoving(key: string, moving: boolean): void;
  /** Something is about to change: the next list comes soon, as if something moved. */
  wake(): void;
  /**
   * Why the list does not show all there is, if so: it holds droplets that were never readable. Absence proves nothing
   * then, and nothing is to be destroyed, bought or taken over.
   */
  doubt(): string | undefined;
  /** Whether the newest list succeeded, in a sentence. */
  healthy(): { ok: boolean; message: string };
}

/** An informer that holds nothing until it is started or refreshed. */
export function createServerInformer(options: ServerInformerOptions): ServerInformer {
  const { cloud, tag, clock, log } = options;
  const droplets = createServerCache();
  const handlers = new Set<(change: ServerChange) => void>();
  const firstList = Promise.withResolvers<void>();
  const schedule = createPollSchedule({ ...options, poll: () => void listNext() });
  let signal: AbortSignal | undefined;
  let lastListStartedAt: number | undefined;
  let failure: { error: unknown; since: number } | undefined;
  /** What the newest list holds that cannot be read, and whether any of it was never known. */
  let unreadable: { message: string; isUnknown: boolean } | undefined;
  const complaint = createComplaint(clock, log);
  /** The list under way, and the one that begins after it. Neither ever rejects: it resolves to its error. */
  let current: Promise<unknown> = Promise.resolve();
  let next: Promise<unknown> | undefined;

  function listNext(): Promise<unknown> {
    next ??= current.then(() => {
      next = undefined;
      current = listNow();
      return current;
    });
    return next;
  }

  async function listNow(): Promise<unknown> {
    const startedAt = clock.monotonic();
    schedule.began();
    try {
      const listed = await readList();
      lastListStartedAt = startedAt;
      succeeded(listed);
      return undefined;
    } catch (error) {
      failed(error);
      return error;
    } finally {
      schedule.ended(failure === undefined);
    }
  }

  function succeeded({ listed, unreadable: rest }: Reading): void {
    failure = undefined;
    unreadable = rest;
    for (const change of droplets.replace(listed)) notify(change);
    firstList.resolve();
    if (rest === undefined) complaint.over('DigitalOcean lists the droplets again');
    else complaint.of(`some droplets cannot be read, and stay as they were known: ${rest.message}`);
  }

  function failed(error: unknown): void {
    if (signal?.aborted) return;
    failure = { error, since: failure?.since ?? clock.monotonic() };
    complaint.of(`the droplets cannot be listed: ${messageOf(error)}`);
  }

  async function readList(): Promise<Reading> {
    try {
      return { listed: await cloud.listDroplets(tag, signal) };
    } catch (error) {
      if (!(error instanceof UnreadableItems)) throw error;
      return asFarAsReadable(error);
    }
  }

  /** Those that can be read, and the others as they were last known; all that are known where it cannot be told which. */
  function asFarAsReadable(error: UnreadableItems): Reading {
    const read = error.readable as readonly CloudDroplet[];
    const ids = new Set(error.unreadableIds);
    const has = new Set(read.map(({ id }) => id));
    const known = droplets.list().filter(({ id }) => !has.has(id) && (ids.has(id) || ids.has(undefined)));
    const isUnknown = error.unreadableIds.some(id => droplets.get(id as number) === undefined);
    return { listed: [...read, ...known], unreadable: { message: error.message, isUnknown } };
  }

  function notify(change: ServerChange): void {
    for (const handler of handlers) {
      try {
        handler(change);
      } catch (error) {
        log.error(`a handler of the fleet's changes failed: ${messageOf(error)}`);
      }
    }
  }

  return {
    start(stop) {
      signal = stop;
      schedule.start(stop);
    },
    synced: stop => orAborted(firstList.promise, stop),
    async refresh() {
      const error = await listNext();
      if (error !== undefined) throw error;
    },
    list: () => droplets.list(),
    get: id => droplets.get(id),
    byTag: tag => droplets.byTag(tag),
    hasBeenSeen: id => droplets.hasBeenSeen(id),
    lastListStartedAt: () => lastListStartedAt,
    subscribe(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    setMoving: (key, moving) => schedule.setMoving(key, moving),
    wake: () => schedule.wake(),
    doubt: () => (unreadable?.isUnknown === true ? unreadable.message : undefined),
    healthy() {
      if (failure !== undefined) {
        const seconds = Math.round((clock.monotonic() - failure.since) / 1000);
        return { ok: false, message: `no list of droplets for ${seconds} s: ${messageOf(failure.error)}` };
      }
      if (lastListStartedAt === undefined)
        return { ok: false, message: 'the droplets have not been listed yet' };
      if (unreadable !== undefined) return { ok: false, message: unreadable.message };
      return { ok: true, message: `droplets listed: ${droplets.list().length}` };
    },
  };
}

/** What a list held. */
interface Reading {
  listed: readonly CloudDroplet[];
  unreadable?: { message: string; isUnknown: boolean };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The promise, or the signal's reason, whichever is first. */
function orAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    void promise.then(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
  });
}
