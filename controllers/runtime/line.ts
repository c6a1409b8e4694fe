/** Who waits, first come first served, each once, and able to step out from anywhere. */
export class Line {
  readonly #waiting = new Set<string>();
  /**
   * Goes on where it stopped: a Set keeps the holes of what was deleted from its front for a while, and an
   * iterator that begins anew walks over all of them.
   */
  #cursor = this.#waiting.values();

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
    let first = this.#cursor.next();
    if (first.done) {
      // It came to the end once, when nobody waited: from then on it sees nobody.
      this.#cursor = this.#waiting.values();
      first = this.#cursor.next();
    }
    this.#waiting.delete(first.value!);
    return first.value;
  }
}
