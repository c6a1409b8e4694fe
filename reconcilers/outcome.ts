/** How a reconcile succeeded: nothing to do until something changes, or requeue after that many ms. */
export type Outcome = { requeueAfterMs: number } | undefined;

/**
 * Thrown when a reconcile cannot go on yet and nobody is to blame: not an error, it is tried again after
 * `afterMs` milliseconds, or earlier when something it watches changes.
 */
export class Waiting extends Error {
  override readonly name = 'Waiting';
  readonly afterMs: number;

  constructor(message: string, afterMs: number) {
    super(message);
    this.afterMs = afterMs;
  }
}

/** Thrown when a person must act first. Counted, never retried by itself; `reason` is a condition's reason. */
export class Stalled extends Error {
  override readonly name = 'Stalled';
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

export const isWaiting = (error: unknown): error is Waiting => error instanceof Waiting;
export const isStalled = (error: unknown): error is Stalled => error instanceof Stalled;
