import { methodNotAllowed } from './api-error.ts';
import { ANY_KIND, readStored, type Stored } from './database.ts';
import type { Storage } from './store.ts';

/** What a directory held at one moment, for reading alone: nothing is open, and nothing grows. */
export class Snapshot implements Storage {
  readonly #stored: Stored;
  /** There was nothing. */
  readonly isEmpty: boolean;
  #isSealed = false;

  /** `now` is in milliseconds. Throws a DatabaseError when what is there cannot be used. */
  constructor(directory: string, now: number) {
    const stored = readStored(directory);
    this.isEmpty = stored === undefined;
    this.#stored = stored ?? { objects: [], journal: [], floors: new Map([[ANY_KIND, Math.trunc(now)]]) };
  }

  readonly load = (): Stored => this.#stored;
  readonly compact = (): void => undefined;
  readonly close = (): void => undefined;

  /** Until then what exists from the start may be put there, where it is not. */
  seal(): void {
    this.#isSealed = true;
  }

  write(): void {
    if (this.#isSealed) throw methodNotAllowed('nothing is stored: this API only shows what is stored');
  }
}
