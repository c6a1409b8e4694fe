import { isConflict } from '../../clients/kubernetes/errors.ts';
import { isStalled, isWaiting, type Outcome } from '../../reconcilers/outcome.ts';

/** The `result` label of controller_runtime_reconcile_total. */
export type ReconcileResult = 'success' | 'error' | 'requeue' | 'requeue_after';

/** What becomes of a key after its reconcile. */
export interface Verdict {
  readonly result: ReconcileResult;
  /** When to requeue: after that many ms, after a backoff, or not before something changes. */
  readonly requeue: { readonly afterMs: number } | 'after backoff' | 'on change';
  /** What to count and to say about a failure; a panic is a mistake in the program. */
  readonly failure?: 'error' | 'terminal' | 'panic';
}

/**
 * | the reconcile returned        | result        | requeue       | failure  |
 * |-------------------------------|---------------|---------------|----------|
 * | nothing                       | success       | on change     |          |
 * | requeueAfterMs                | requeue_after | after that    |          |
 */
export function judgeOutcome(outcome: Outcome): Verdict {
  return outcome === undefined
    ? { result: 'success', requeue: 'on change' }
    : { result: 'requeue_after', requeue: { afterMs: outcome.requeueAfterMs } };
}

/**
 * | the reconcile threw           | result        | requeue       | failure  |
 * |-------------------------------|---------------|---------------|----------|
 * | Waiting                       | requeue_after | after that    |          |
 * | Stalled                       | error         | on change     | terminal |
 * | a conflict: it read old news  | requeue       | after backoff |          |
 * | a programmer's error          | error         | after backoff | panic    |
 * | anything else                 | error         | after backoff | error    |
 */
export function judgeError(error: unknown): Verdict {
  if (isWaiting(error)) return { result: 'requeue_after', requeue: { afterMs: error.afterMs } };
  if (isStalled(error)) return { result: 'error', requeue: 'on change', failure: 'terminal' };
  if (isConflict(error)) return { result: 'requeue', requeue: 'after backoff' };
  return { result: 'error', requeue: 'after backoff', failure: isPanic(error) ? 'panic' : 'error' };
}

/**
 * Whether only a mistake in the program explains the error. fetch reports an unreachable host as a TypeError
 * with a cause: that is none.
 */
function isPanic(error: unknown): boolean {
  if (error instanceof TypeError) return error.cause === undefined;
  return error instanceof ReferenceError || error instanceof RangeError || !(error instanceof Error);
}
