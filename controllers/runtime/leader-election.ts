import { sleep } from '../../clients/clock.ts';
import { isAlreadyExists, isConflict } from '../../clients/kubernetes/errors.ts';
import { describeError } from '../../clients/log/describe-error.ts';
import type { Logger } from '../../clients/log.ts';
import type { Fence } from './fence.ts';
import { LeaseClaim, type LeaseClaimOptions } from './lease-claim.ts';
import { RENEW_DEADLINE_MS, RETRY_PERIOD_MS } from './lease.ts';

/** Who contends for what. */
export interface LeaderElectionOptions extends LeaseClaimOptions {
  log: Logger;
  /** 0 up to but not including 1. */
  random: () => number;
}

/** Another process may lead from now on: the program must stop, and exit as failed. */
export class LeadershipLost extends Error {
  override readonly name = 'LeadershipLost';
}

export const isLeadershipLost = (error: unknown): error is LeadershipLost => error instanceof LeadershipLost;

/**
 * The right to act. It ends at the latest 10 s after the last renewal was sent, and nobody else gets it until
 * 15 s after that renewal arrived: the 5 s between are for what was under way to be over.
 */
export interface Leadership {
  /** Aborts with a LeadershipLost when the right ends. */
  readonly signal: AbortSignal;
  /** Also refuses to begin when time has passed the deadline unnoticed, as when the machine was asleep. */
  readonly fence: Fence;
  /** How many ms are left unless it is renewed; negative when the end went unnoticed. */
  remainingMs(): number;
  /** Ends it so that another can begin at once. Only for when nothing is under way any more. */
  release(): Promise<void>;
}

/** client-go's JitterFactor: contenders try again after 1 to 2.2 periods, so that they do not march in step. */
const JITTER = 1.2;

/** Waits until this process leads. Rejects when the signal aborts first. */
export async function acquireLeadership(
  options: LeaderElectionOptions,
  signal: AbortSignal,
): Promise<Leadership> {
  const { clock, log, random } = options;
  const claim = new LeaseClaim(options);
  let lastHolder = '';
  for (;;) {
    const held = new HeldLease(claim, options);
    if (await held.begin(signal)) return held;
    if (claim.holder !== lastHolder) log.info('waiting for the leadership', { holder: claim.holder });
    lastHolder = claim.holder;
    await sleep(clock, RETRY_PERIOD_MS * (1 + JITTER * random()), signal);
  }
}

class HeldLease implements Leadership {
  readonly #claim: LeaseClaim;
  readonly #options: LeaderElectionOptions;
  readonly #lost = new AbortController();
  readonly #released = new AbortController();
  #renewing: Promise<void> = Promise.resolve();
  /** When the last successful renewal was sent, by both clocks. */
  #renewedAt = { monotonic: -Infinity, wall: -Infinity };
  #cancelDeadline: () => void = () => {};

  constructor(claim: LeaseClaim, options: LeaderElectionOptions) {
    this.#claim = claim;
    this.#options = options;
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  readonly fence: Fence = async effect => {
    this.signal.throwIfAborted();
    if (this.remainingMs() <= 0) throw this.#loss('its deadline has passed');
    return effect(this.signal);
  };

  /** Whether the lease was got. */
  async begin(signal: AbortSignal): Promise<boolean> {
    const { clock, log } = this.#options;
    try {
      if (!(await this.#attempt(signal)) || this.remainingMs() <= 0) return false;
    } catch (error) {
      signal.throwIfAborted();
      // Another one was faster, which is how it should be.
      if (isConflict(error) || isAlreadyExists(error)) return false;
      log.warn('could not contend for the leadership', { error: describeError(error) });
      return false;
    }
    this.#armDeadline();
    this.#renewing = this.#keepRenewing();
    log.info('leading', { lease: this.#options.name, at: new Date(clock.now()).toISOString() });
    return true;
  }

  /**
   * The monotonic clock stands still while the machine sleeps and the wall clock may jump: whichever says that
   * more time has passed is believed.
   */
  remainingMs(): number {
    const { clock } = this.#options;
    const elapsedMs = Math.max(
      clock.monotonic() - this.#renewedAt.monotonic,
      clock.now() - this.#renewedAt.wall,
    );
    return RENEW_DEADLINE_MS - elapsedMs;
  }

  async release(): Promise<void> {
    this.#released.abort(new Error('the leadership is being released'));
    await this.#renewing;
    this.#cancelDeadline();
    if (this.signal.aborted) return;
    this.#renewedAt = { monotonic: -Infinity, wall: -Infinity };
    await this.#claim.release(this.signal).catch((error: unknown) => {
      this.#options.log.warn('could not release the leadership; others wait until it expires', {
        error: describeError(error),
      });
    });
  }

  async #attempt(signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    // Taken before the call is sent: whoever sees the renewal sees it later than this.
    const sentAt = { monotonic: clock.monotonic(), wall: clock.now() };
    const isHeld = await this.#claim.attempt(signal);
    if (isHeld) this.#renewedAt = sentAt;
    return isHeld;
  }

  async #keepRenewing(): Promise<void> {
    const until = AbortSignal.any([this.#lost.signal, this.#released.signal]);
    while (!until.aborted) {
      // The abort is the way out of the loop.
      await sleep(this.#options.clock, RETRY_PERIOD_MS, until).catch(() => undefined);
      if (!until.aborted) await this.#renew(until);
    }
  }

  async #renew(until: AbortSignal): Promise<void> {
    try {
      const isHeld = await this.#attempt(until);
      if (until.aborted) return;
      if (isHeld) this.#armDeadline();
      else this.#lose(`${this.#claim.holder} has it`);
    } catch (error) {
      if (until.aborted) return;
      this.#options.log.warn('could not renew the leadership', { error: describeError(error) });
    }
  }

  #armDeadline(): void {
    this.#cancelDeadline();
    this.#cancelDeadline = this.#options.clock.after(Math.max(0, this.remainingMs()), () =>
      this.#lose(`the lease could not be renewed for ${RENEW_DEADLINE_MS / 1000} s`),
    );
  }

  #lose(why: string): void {
    this.#cancelDeadline();
    this.#lost.abort(this.#loss(why));
  }

  #loss(why: string): LeadershipLost {
    return new LeadershipLost(`lost the leadership (lease ${this.#options.name}): ${why}`);
  }
}
