/** Who waits, first come first served, each once, and able to step out from anywhere. */
export class Line {
  readonly #waiting = new Set<string>();
  /**
   * Goes on where it stopped: a Set keeps the holes of what was deleted from its front for a while, and an
   * iterator that starts over walks over all of them. Who joins does so ahead of it, so it never comes to an end
   * while anybody waits; and it is not asked when nobody does.
   */
  readonly #cursor = this.#waiting.values();

  /** At the end, unless it is in line already. */
  join(key: string): void {
    this.#waiting.add(key);
  }

  /** Whether it was in line. */
  leave(key: string): boolean {
    return this.#waiting.delete(key);
  }

  /** Removes the first. */
  take(): string | undefined {
    if (this.#waiting.size === 0) return undefined;
    const first = this.#cursor.next().value!;
    this.#waiting.delete(first);
    return first;
  }
}
