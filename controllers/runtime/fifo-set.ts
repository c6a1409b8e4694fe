/** Keys, first in first out, each once, of which any can be deleted. */
export class FifoSet {
  readonly #waiting = new Set<string>();
  /**
   * Goes on where it stopped: a Set keeps the holes of what was deleted from its front for a while, and an
   * iterator that starts over walks over all of them. What is added is ahead of it, so it never comes to an end
   * while any key is in; and it is not asked when none is.
   */
  readonly #cursor = this.#waiting.values();

  /** At the end, unless it is in already. */
  add(key: string): void {
    this.#waiting.add(key);
  }

  /** Whether it was in. */
  delete(key: string): boolean {
    return this.#waiting.delete(key);
  }

  /** Removes the first. */
  shift(): string | undefined {
    if (this.#waiting.size === 0) return undefined;
    const first = this.#cursor.next().value!;
    this.#waiting.delete(first);
    return first;
  }
}
