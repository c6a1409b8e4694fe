import { isApiError } from './api-error.ts';

const RETRY_MS = 1000;

/**
 * Calls `work` once for every key that was added, soon but never within the call that adds it. What the API
 * refuses, as on a full disk, is tried again a second later.
 */
export class WorkQueue {
  readonly #work: (key: string) => void;
  readonly #pending = new Set<string>();
  #immediate: NodeJS.Immediate | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(work: (key: string) => void) {
    this.#work = work;
  }

  add(key: string): void {
    this.#pending.add(key);
    this.#immediate ??= setImmediate(() => this.#drain());
  }

  /** Forgets what is pending. */
  close(): void {
    this.#pending.clear();
    clearImmediate(this.#immediate);
    clearTimeout(this.#retry);
  }

  #drain(): void {
    this.#immediate = undefined;
    const keys = [...this.#pending];
    this.#pending.clear();
    const failed = keys.filter(key => !this.#succeeds(key));
    if (failed.length === 0) return;
    clearTimeout(this.#retry);
    for (const key of failed) this.#pending.add(key);
    this.#retry = setTimeout(() => this.#drain(), RETRY_MS);
  }

  #succeeds(key: string): boolean {
    try {
      this.#work(key);
      return true;
    } catch (error) {
      if (isApiError(error)) return false;
      throw error;
    }
  }
}
