import { sleep } from '../../clients/clock.ts';
import { describeError } from '../../clients/log/describe-error.ts';
import { connectController, type ControllerEnvironment, type ControllerLoop } from './controller-loop.ts';
import type { Controller } from './controller.ts';
import { fenceBySignal, type Fence } from './fence.ts';
import type { Check } from './health.ts';
import { startHttp, type HttpOptions, type HttpServer } from './http.ts';
import {
  acquireLeadership,
  isLeadershipLost,
  type Leadership,
  type LeaderElectionOptions,
} from './leader-election.ts';

/** Work beside the controllers that only the leader does, such as polling the cloud. */
export interface LeaderTask {
  readonly name: string;
  /** Goes on until the signal aborts; a promise is waited for then, and its rejection before stops the manager. */
  run(signal: AbortSignal): Promise<void> | void;
}

/** What a manager runs. */
export interface ManagerOptions extends ControllerEnvironment {
  controllers: readonly Controller[];
  /** Begun before the controllers. */
  leaderTasks?: readonly LeaderTask[];
  /** Metrics and health; nothing is served when absent. */
  http?: Omit<HttpOptions, 'healthz' | 'readyz'> & { onListening?: (port: number) => void };
  /** Without it the process believes that it has no contender. */
  leaderElection?: Omit<LeaderElectionOptions, 'clock' | 'log'>;
}

/** Starts everything in order, and stops it in the opposite one. */
export interface Manager {
  /**
   * Serves HTTP, fills the caches, waits for the leadership and runs the controllers, until the signal aborts.
   * Then the reconciles under way have 30 s to return; the caches, HTTP and the lease follow.
   *
   * Resolves after a clean stop. Rejects with LeadershipLost at once when the lease is lost (the process must
   * exit as failed), with ListenError, or with what a leader task failed with.
   */
  run(signal: AbortSignal): Promise<void>;
}

/** How long reconciles have to return when they are to stop. */
const GRACE_MS = 30_000;
/** A leader that is still there so long after its deadline is stuck: client-go's tolerance. */
const WATCHDOG_MS = 20_000;

/** Connects the controllers; everything else waits for `run`. */
export function createManager(options: ManagerOptions): Manager {
  const loops = options.controllers.map(controller => connectController(controller, options));
  return { run: signal => new Run(options, loops, signal).run() };
}

class Run {
  readonly #options: ManagerOptions;
  readonly #loops: readonly ControllerLoop[];
  readonly #signal: AbortSignal;
  #leadership: Leadership | undefined;
  /** Whether every reconcile returned; one that would not may still act. */
  #isDrained = true;

  constructor(options: ManagerOptions, loops: readonly ControllerLoop[], signal: AbortSignal) {
    this.#options = options;
    this.#loops = loops;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const http = await this.#startHttp();
    const caches = new AbortController();
    try {
      await this.#lead(caches.signal);
    } catch (error) {
      // Waiting for a cache or for the leadership ends so too; that is a stop and no failure.
      if (!this.#signal.aborted || isLeadershipLost(error)) throw error;
    } finally {
      caches.abort(new Error('the caches are being stopped'));
      await http?.close();
      await this.#endLeadership();
    }
  }

  async #startHttp(): Promise<HttpServer | undefined> {
    const { http, log } = this.#options;
    if (http === undefined) return undefined;
    const server = await startHttp({ ...http, healthz: this.#healthz(), readyz: this.#readyz() });
    log.info('serving /metrics, /healthz and /readyz', { host: http.host, port: server.port });
    http.onListening?.(server.port);
    return server;
  }

  #healthz(): Record<string, Check> {
    return {
      'leader-election': () =>
        this.#leadership !== undefined && this.#leadership.remainingMs() < -WATCHDOG_MS
          ? 'leadership expired, and the process does not stop'
          : undefined,
    };
  }

  #readyz(): Record<string, Check> {
    return {
      caches: () => {
        const missing = this.#options.informers.unsynced();
        return missing.length === 0 ? undefined : `waiting for the first list of ${missing.join(', ')}`;
      },
    };
  }

  async #lead(cachesSignal: AbortSignal): Promise<void> {
    const { clock, informers, leaderElection, log } = this.#options;
    this.#recordLeading(false);
    informers.start(cachesSignal);
    await informers.synced(this.#signal);
    if (leaderElection === undefined) {
      const never = new AbortController().signal;
      return this.#work(never, fenceBySignal(this.#signal));
    }
    this.#leadership = await acquireLeadership({ ...leaderElection, clock, log }, this.#signal);
    this.#recordLeading(true);
    await this.#work(this.#leadership.signal, this.#leadership.fence);
  }

  /** Runs tasks and controllers until the stop, the loss of the leadership, or a task's failure. */
  async #work(lost: AbortSignal, fence: Fence): Promise<void> {
    const failed = new AbortController();
    const stop = AbortSignal.any([this.#signal, lost, failed.signal]);
    const guard = async (name: string, work: () => Promise<void> | void): Promise<void> => {
      try {
        await work();
      } catch (error) {
        if (stop.aborted) return;
        this.#options.log.error(`${name} failed`, { error: describeError(error) });
        failed.abort(error);
      }
    };
    const tasks = (this.#options.leaderTasks ?? []).map(task => guard(task.name, () => task.run(stop)));
    const loops = this.#loops.map(loop => guard(loop.name, () => loop.run(stop, fence)));
    await aborted(stop);
    await this.#drain(Promise.all([...tasks, ...loops]), lost);
    lost.throwIfAborted();
    failed.signal.throwIfAborted();
  }

  /** Waits for what is under way, but not once the leadership is lost: that must stop the process now. */
  async #drain(ended: Promise<unknown>, lost: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    const over = new AbortController();
    this.#isDrained = false;
    const drained = ended.then(() => {
      this.#isDrained = true;
    });
    // The abort is how the sleep is called off.
    const grace = sleep(clock, GRACE_MS, over.signal).catch(() => undefined);
    await Promise.race([drained, grace, aborted(lost)]);
    over.abort();
    if (!this.#isDrained) log.warn('stopped with reconciles still running');
  }

  /** When a reconcile may still act, nobody else must begin before the lease has run out. */
  async #endLeadership(): Promise<void> {
    if (this.#isDrained) await this.#leadership?.release();
    this.#recordLeading(false);
  }

  #recordLeading(isLeader: boolean): void {
    const { leaderElection, metrics } = this.#options;
    if (leaderElection !== undefined) metrics.leadershipChanged(leaderElection.name, isLeader);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
