import type { Verdict } from './error-policy.ts';
import type { QueueObserver, WorkQueue } from './queue.ts';

/** What one controller counts. */
export interface ControllerMetrics {
  /** Observes the queue. */
  readonly queueObserver: QueueObserver;
  /** Makes scrapes ask this queue. */
  watchQueue(queue: WorkQueue): void;
  reconcileBegan(): void;
  reconcileEnded(seconds: number): void;
  /** How it ended; not called for a reconcile that was cut off by the stop. */
  judged(verdict: Verdict): void;
  /** A mapper or handler threw, or a reconciler by a programmer's error. */
  panicked(): void;
}
