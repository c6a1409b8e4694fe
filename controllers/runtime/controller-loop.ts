import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../clients/clock.ts';
import { describeError } from '../../clients/log/describe-error.ts';
import type { Logger } from '../../clients/log.ts';
import type { ControllerMetrics } from './controller-metrics.ts';
import type { Controller, ReconcileRun } from './controller.ts';
import { judgeError, judgeOutcome, type Verdict } from './error-policy.ts';
import type { Fence } from './fence.ts';
import type { SharedInformers } from './informers.ts';
import type { RuntimeMetrics } from './metrics.ts';
import { trackOwnWrites, type OwnWrites } from './own-writes.ts';
import { createQueue, type QueueKey, type WorkQueue } from './queue.ts';
import type { Sink } from './wiring.ts';

/** What every controller runs on. */
export interface ControllerEnvironment {
  clock: Clock;
  log: Logger;
  metrics: RuntimeMetrics;
  informers: SharedInformers;
  /** A new id for each reconcile, unique enough to find its lines by. */
  newReconcileId(): string;
}

/** A controller that is connected to its informers and not at work yet. */
export interface ControllerLoop {
  readonly name: string;
  /** Begins to reconcile; ends when the signal aborts, and resolves when the last reconcile has returned. */
  run(signal: AbortSignal, fence: Fence): Promise<void>;
}

/** Connects the controller. Must be called before the informers start. */
export function connectController(
  controller: Controller,
  environment: ControllerEnvironment,
): ControllerLoop {
  return new Loop(controller, environment);
}

class Loop implements ControllerLoop {
  readonly name: string;
  readonly #workers: number;
  readonly #environment: ControllerEnvironment;
  readonly #log: Logger;
  readonly #metrics: ControllerMetrics;
  readonly #queue: WorkQueue;
  readonly #ownWrites: OwnWrites;
  readonly #reconcile: ReturnType<Controller['bind']>;
  readonly #starters: (() => () => void)[];

  constructor(controller: Controller, environment: ControllerEnvironment) {
    const { clock, log, metrics, informers } = environment;
    this.name = controller.name;
    this.#workers = controller.workers;
    this.#environment = environment;
    this.#log = log.with({ controller: controller.name });
    this.#metrics = metrics.forController(controller.name, controller.workers);
    this.#queue = createQueue(clock, this.#metrics.queueObserver);
    this.#metrics.watchQueue(this.#queue);
    this.#ownWrites = trackOwnWrites(object => informers.showing(object));
    this.#reconcile = controller.bind(informers);
    this.#starters = controller.wirings.map(wire => wire(informers, this.#sink()));
  }

  async run(signal: AbortSignal, fence: Fence): Promise<void> {
    if (signal.aborted) return;
    const stoppers = this.#starters.map(start => start());
    signal.addEventListener('abort', () => this.#queue.shutDown(), { once: true });
    await Promise.all(Array.from({ length: this.#workers }, () => this.#work(signal, fence)));
    for (const stop of stoppers) stop();
  }

  #sink(): Sink {
    return {
      wake: (key, priority) => this.#queue.add(key, priority),
      panicked: error => {
        this.#metrics.panicked();
        this.#log.error('cannot map an event to keys', { error: describeError(error) });
      },
    };
  }

  async #work(signal: AbortSignal, fence: Fence): Promise<void> {
    for (let key = await this.#queue.get(); key !== undefined; key = await this.#queue.get()) {
      // Reconciles that find all in the cache never leave the microtask queue: without a turn between them,
      // a resync of thousands would hold up the renewal of the lease.
      await nextTurn();
      await this.#reconcileOnce(key, signal, fence);
      this.#queue.done(key);
    }
  }

  async #reconcileOnce(key: QueueKey, signal: AbortSignal, fence: Fence): Promise<void> {
    const { clock } = this.#environment;
    const run = this.#newRun(key, signal, fence);
    const startedAt = clock.monotonic();
    this.#metrics.reconcileBegan();
    const verdict = await this.#attempt(key, run);
    this.#metrics.reconcileEnded((clock.monotonic() - startedAt) / 1000);
    if (verdict !== undefined) this.#apply(key, verdict);
  }

  #newRun(key: QueueKey, signal: AbortSignal, fenced: Fence): ReconcileRun {
    const reconcileId = this.#environment.newReconcileId();
    const log = this.#log.with({ key, reconcileId });
    return { reconcileId, log, signal, fenced, wrote: object => this.#ownWrites.note(key, object) };
  }

  /** Undefined when the stop cut it off, which is nobody's failure. */
  async #attempt(key: QueueKey, run: ReconcileRun): Promise<Verdict | undefined> {
    try {
      await this.#ownWrites.settled(key);
      if (run.signal.aborted) return undefined;
      // Fenced, so that a machine which slept through its lease begins nothing when it wakes.
      return judgeOutcome(await run.fenced(async () => this.#reconcile(key, run)));
    } catch (error) {
      if (run.signal.aborted) return undefined;
      const verdict = judgeError(error);
      report(run.log, verdict, error);
      return verdict;
    }
  }

  #apply(key: QueueKey, verdict: Verdict): void {
    this.#metrics.judged(verdict);
    if (verdict.requeue === 'after backoff') return this.#queue.addRateLimited(key);
    this.#queue.forget(key);
    if (verdict.requeue !== 'on change') this.#queue.addAfter(key, verdict.requeue.afterMs);
  }
}

function report(log: Logger, verdict: Verdict, error: unknown): void {
  const fields = { error: describeError(error) };
  switch (verdict.failure) {
    case undefined:
      return log.debug('requeued', fields);
    case 'terminal':
      return log.warn('reconcile stalled', fields);
    case 'error':
      return log.error('reconcile failed', fields);
    case 'panic':
      return log.error('reconcile failed (bug)', {
        ...fields,
        stack: error instanceof Error ? error.stack : undefined,
      });
  }
}
