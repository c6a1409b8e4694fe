import { isApiError } from './api-error.ts';
import type { Store } from './store.ts';

/** Work that may be left for a later turn of the event loop, with others' in between, wherever it yields. */
export type Steps = Generator<void, void, void>;

const RETRY_MS = 1000;
/** How much is looked at in one turn at most, when nothing of it has to be changed. */
const MOST_CHECKS = 250;

/**
 * Does the `work` for every key that was added, soon but never within the call that adds it. No turn of the event loop
 * holds more than one write of it, which takes as long as the disk does, so that requests come through however much
 * there is to do. What the API refuses, as on a full disk, is begun again a second later.
 */
export class WorkQueue {
  readonly #store: Pick<Store, 'version'>;
  readonly #work: (key: string) => Steps;
  readonly #pending = new Set<string>();
  /** Goes on with what was added since; a new one would pass over all that was taken. */
  #next = new Set<string>().values();
  readonly #refused = new Set<string>();
  #current: { key: string; steps: Steps } | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(store: Pick<Store, 'version'>, work: (key: string) => Steps) {
    this.#store = store;
    this.#work = work;
  }

  add(key: string): void {
    this.#pending.add(key);
    this.#immediate ??= setImmediate(() => this.#turn());
  }

  /** Forgets what is pending. */
  close(): void {
    this.#pending.clear();
    this.#refused.clear();
    this.#current = undefined;
    clearImmediate(this.#immediate);
    clearTimeout(this.#retry);
  }

  /** Goes on until something was written or refused. */
  #turn(): void {
    this.#immediate = undefined;
    const { version } = this.#store;
    for (let checks = 0; checks < MOST_CHECKS && this.#store.version === version; checks++) {
      if (!this.#step()) break;
    }
    if (this.#current === undefined && this.#pending.size === 0) return;
    this.#immediate ??= setImmediate(() => this.#turn());
  }

  /** Whether there was something to do, and it was not refused. */
  #step(): boolean {
    this.#current ??= this.#take();
    if (this.#current === undefined) return false;
    const { key, steps } = this.#current;
    try {
      if (steps.next().done === true) this.#current = undefined;
      return true;
    } catch (error) {
      if (!isApiError(error)) throw error;
      this.#current = undefined;
      this.#refused.add(key);
      this.#retry ??= setTimeout(() => this.#tryAgain(), RETRY_MS);
      return false;
    }
  }

  #take(): { key: string; steps: Steps } | undefined {
    let { value: key } = this.#next.next();
    if (key === undefined) {
      this.#next = this.#pending.values();
      ({ value: key } = this.#next.next());
    }
    if (key === undefined) return undefined;
    this.#pending.delete(key);
    return { key, steps: this.#work(key) };
  }

  #tryAgain(): void {
    this.#retry = undefined;
    for (const key of this.#refused) this.add(key);
    this.#refused.clear();
  }
}
