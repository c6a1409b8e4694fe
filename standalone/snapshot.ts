import { methodNotAllowed } from './api-error.ts';
import { ANY_KIND, readStored, type Stored } from './database.ts';
import type { Storage } from './store.ts';

/** What a directory held at one moment, for reading alone. */
export class Snapshot implements Storage {
  readonly #stored: Stored | undefined;
  readonly #now: number;
  #isSealed = false;

  /** `now` is in milliseconds. Throws a DatabaseError when what is there cannot be used. */
  constructor(directory: string, now: number) {
    this.#stored = readStored(directory);
    this.#now = now;
  }

  /** There was nothing. */
  get isEmpty(): boolean {
    return this.#stored === undefined;
  }

  load(): Stored {
    return this.#stored ?? { objects: [], journal: [], floors: new Map([[ANY_KIND, Math.trunc(this.#now)]]) };
  }

  /** Until then what exists from the start may be put there, where it is not. */
  seal(): void {
    this.#isSealed = true;
  }

  write(): void {
    if (this.#isSealed) throw methodNotAllowed('nothing is stored: this API only shows what is stored');
  }

  compact(): void {
    // The journal is as long as it was.
  }

  close(): void {
    // Nothing is open any more.
  }
}
