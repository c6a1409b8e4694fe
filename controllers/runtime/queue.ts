import type { Clock } from '../../clients/clock.ts';
import { createBackoff } from './backoff.ts';
import { FifoSet } from './fifo-set.ts';

/** What identifies a piece of work: an object's key, or a word of the controller's own. */
export type QueueKey = string;

/** The priority of work that is no news (the first list, a resync): below everything that just happened. */
export const LOW_PRIORITY = -100;
/** The priority of everything else. */
export const NORMAL_PRIORITY = 0;

/** The longest that a timer can run in Node; an earlier wake-up is harmless, one that overflows fires at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Observes what happens in a queue. Durations are in seconds. */
export interface QueueObserver {
  /** A key became due that was not before. */
  added(): void;
  /** A key was put back after a failure. */
  retried(): void;
  taken(waitedSeconds: number): void;
  finished(workedSeconds: number): void;
}

/**
 * The keys that are to be reconciled, each at most once however often it is added.
 *
 * | the key is      | add                        | get            | done                      |
 * |-----------------|----------------------------|----------------|---------------------------|
 * | unknown         | it becomes due             |                |                           |
 * | delayed         | earlier and higher win     |                |                           |
 * | due             | higher priority wins       | hands it out   |                           |
 * | handed out      | it becomes dirty           |                | it is forgotten           |
 * | out and dirty   | earlier and higher win     | passes it over | it becomes due or delayed |
 */
export interface WorkQueue {
  add(key: QueueKey, priority?: number): void;
  /** Adds after `delayMs`. Without a priority it keeps the one that it was last handed out with. */
  addAfter(key: QueueKey, delayMs: number, priority?: number): void;
  /** Adds after a delay that doubles with every call until `forget`: 5 ms * 2^n, at most 1000 s. */
  addRateLimited(key: QueueKey): void;
  /** The key's failures are history. */
  forget(key: QueueKey): void;
  /** The next key, highest priority first, then oldest first; undefined once the queue is shut down. */
  get(): Promise<QueueKey | undefined>;
  /** Must be called once for every key that `get` handed out. */
  done(key: QueueKey): void;
  /** Drops what waits, takes nothing more, and lets every `get` resolve with undefined. */
  shutDown(): void;
  /** Resolves when no key is handed out any more. */
  idle(): Promise<void>;
  /** How many keys are due, those handed out left aside. */
  depth(): number;
  /** How many seconds each key that is handed out has been so. */
  runningSeconds(): number[];
}

interface Entry {
  key: QueueKey;
  priority: number;
  /** Monotonic time at which it is or was due. */
  readyAt: number;
  /** Stops the timer that will make it due; undefined once it is due. */
  cancelTimer: (() => void) | undefined;
}

interface Handout {
  priority: number;
  since: number;
}

const silent: QueueObserver = { added() {}, retried() {}, taken() {}, finished() {} };

/** An empty queue. */
export function createQueue(clock: Clock, observer: QueueObserver = silent): WorkQueue {
  return new KeyedQueue(clock, observer);
}

class KeyedQueue implements WorkQueue {
  readonly #clock: Clock;
  readonly #observer: QueueObserver;
  readonly #backoff = createBackoff();
  /** Everything that waits, whether it is delayed, due, or held back because its key is handed out. */
  readonly #entries = new Map<QueueKey, Entry>();
  /** What can be handed out now, by priority, in order of arrival. */
  readonly #due = new Map<number, FifoSet>();
  readonly #handouts = new Map<QueueKey, Handout>();
  readonly #getters: ((key: QueueKey | undefined) => void)[] = [];
  readonly #idleWaiters: (() => void)[] = [];
  #shutDown = false;

  constructor(clock: Clock, observer: QueueObserver) {
    this.#clock = clock;
    this.#observer = observer;
  }

  add(key: QueueKey, priority: number = NORMAL_PRIORITY): void {
    this.#schedule(key, priority, 0);
  }

  addAfter(key: QueueKey, delayMs: number, priority?: number): void {
    const lastPriority = this.#handouts.get(key)?.priority ?? NORMAL_PRIORITY;
    this.#schedule(key, priority ?? lastPriority, Math.min(delayMs, MAX_DELAY_MS));
  }

  addRateLimited(key: QueueKey): void {
    if (this.#shutDown) return;
    this.#observer.retried();
    this.addAfter(key, this.#backoff.next(key));
  }

  forget(key: QueueKey): void {
    this.#backoff.forget(key);
  }

  get(): Promise<QueueKey | undefined> {
    if (this.#shutDown) return Promise.resolve(undefined);
    const key = this.#takeDue();
    if (key !== undefined) return Promise.resolve(key);
    return new Promise(resolve => this.#getters.push(resolve));
  }

  done(key: QueueKey): void {
    const handout = this.#handouts.get(key);
    if (handout === undefined) return;
    this.#handouts.delete(key);
    this.#observer.finished((this.#clock.monotonic() - handout.since) / 1000);
    const dirty = this.#entries.get(key);
    if (dirty !== undefined && dirty.cancelTimer === undefined) this.#offer(dirty);
    if (this.#handouts.size === 0) this.#resolveIdleWaiters();
  }

  shutDown(): void {
    this.#shutDown = true;
    for (const entry of this.#entries.values()) entry.cancelTimer?.();
    this.#entries.clear();
    this.#due.clear();
    for (const resolve of this.#getters.splice(0)) resolve(undefined);
  }

  idle(): Promise<void> {
    if (this.#handouts.size === 0) return Promise.resolve();
    return new Promise(resolve => this.#idleWaiters.push(resolve));
  }

  depth(): number {
    let depth = 0;
    for (const entry of this.#entries.values()) if (entry.cancelTimer === undefined) depth++;
    return depth;
  }

  runningSeconds(): number[] {
    const now = this.#clock.monotonic();
    return [...this.#handouts.values()].map(({ since }) => (now - since) / 1000);
  }

  #schedule(key: QueueKey, priority: number, delayMs: number): void {
    if (this.#shutDown) return;
    const readyAt = this.#clock.monotonic() + Math.max(0, delayMs);
    const entry = this.#entries.get(key);
    if (entry === undefined) return this.#insert({ key, priority, readyAt, cancelTimer: undefined });
    this.#raise(entry, priority);
    if (entry.cancelTimer !== undefined && readyAt < entry.readyAt) {
      entry.cancelTimer();
      entry.readyAt = readyAt;
      this.#arm(entry);
    }
  }

  #insert(entry: Entry): void {
    this.#entries.set(entry.key, entry);
    this.#arm(entry);
  }

  #arm(entry: Entry): void {
    const delayMs = entry.readyAt - this.#clock.monotonic();
    if (delayMs <= 0) return this.#becomeDue(entry);
    entry.cancelTimer = this.#clock.after(delayMs, () => this.#becomeDue(entry));
  }

  #becomeDue(entry: Entry): void {
    entry.cancelTimer = undefined;
    this.#observer.added();
    if (!this.#handouts.has(entry.key)) this.#offer(entry);
  }

  /** Gives the entry to whoever waits, or lines it up. */
  #offer(entry: Entry): void {
    this.#fifoOf(entry.priority).add(entry.key);
    const resolve = this.#getters.shift();
    if (resolve !== undefined) resolve(this.#takeDue());
  }

  #raise(entry: Entry, priority: number): void {
    if (priority <= entry.priority) return;
    const wasQueued = this.#due.get(entry.priority)?.delete(entry.key) ?? false;
    entry.priority = priority;
    if (wasQueued) this.#fifoOf(priority).add(entry.key);
  }

  #fifoOf(priority: number): FifoSet {
    const fifo = this.#due.get(priority) ?? new FifoSet();
    this.#due.set(priority, fifo);
    return fifo;
  }

  #takeDue(): QueueKey | undefined {
    const priorities = [...this.#due.keys()].sort((a, b) => b - a);
    for (const priority of priorities) {
      const key = this.#due.get(priority)!.shift();
      if (key !== undefined) return this.#handOut(key, priority);
    }
    return undefined;
  }

  #handOut(key: QueueKey, priority: number): QueueKey {
    const since = this.#clock.monotonic();
    this.#observer.taken((since - this.#entries.get(key)!.readyAt) / 1000);
    this.#entries.delete(key);
    this.#handouts.set(key, { priority, since });
    return key;
  }

  #resolveIdleWaiters(): void {
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }
}
