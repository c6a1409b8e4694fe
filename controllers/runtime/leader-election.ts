import { sleep } from '../../clients/clock.ts';
import { guard } from '../../clients/guard.ts';
import { isAlreadyExists, isConflict } from '../../clients/kubernetes/errors.ts';
import { describeError } from '../../clients/log/describe-error.ts';
import type { LogFields, Logger } from '../../clients/log.ts';
import type { Fence } from './fence.ts';
import { ATTEMPT_MS, LeaseClaim, type LeaseClaimOptions } from './lease-claim.ts';
import { isEarlier, LeaseRivals, type Rival } from './lease-rivals.ts';
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
/** How many renewals go by from one list of the other namespaces' Leases to the next. */
const LIST_EVERY = 5;
/** Such a list must leave time for the renewals between which it is. */
const LIST_MS = 2_000;

/**
 * A deadline that comes so late tells that the process stood still, and all that it does with it: Ctrl-Z, a machine out
 * of memory. As after a sleep of the machine the fence is shut, and the renewal that is overdue tells who leads now.
 */
const STANDSTILL_MS = 1_000;

/** Why this process does not lead yet; without a message when another try will tell. */
interface Hindrance {
  message?: string;
  fields?: LogFields;
}

/**
 * Waits until this process leads: it has the Lease of its namespace, and no other operator of this API is alive.
 * Rejects when the signal aborts first.
 */
export async function acquireLeadership(
  options: LeaderElectionOptions,
  signal: AbortSignal,
): Promise<Leadership> {
  const { clock, log, random } = options;
  const claim = new LeaseClaim(options);
  const rivals = new LeaseRivals(options);
  let lastLogged: string | undefined;
  for (;;) {
    const held = new HeldLease(claim, rivals, options);
    const hindrance = await held.begin(signal);
    if (hindrance === undefined) return held;
    const { message, fields } = hindrance;
    if (message !== undefined && message !== lastLogged) log.warn(message, fields);
    lastLogged = message ?? lastLogged;
    await sleep(clock, RETRY_PERIOD_MS * (1 + JITTER * random()), signal);
  }
}

type Leader = Pick<Rival, 'holder' | 'namespace'>;

const whereLeads = ({ holder, namespace }: Leader): string =>
  `operator ${holder} leads from namespace ${namespace}`;

class HeldLease implements Leadership {
  readonly #claim: LeaseClaim;
  readonly #rivals: LeaseRivals;
  readonly #options: LeaderElectionOptions;
  readonly #lost = new AbortController();
  readonly #released = new AbortController();
  #renewing: Promise<void> = Promise.resolve();
  /** When the last successful renewal was sent, by both clocks. */
  #renewedAt = { monotonic: -Infinity, wall: -Infinity };
  #acquireTime = '';
  #renewals = 0;
  #lastRivalWarning: string | undefined;
  #cancelDeadline: () => void = () => {};

  constructor(claim: LeaseClaim, rivals: LeaseRivals, options: LeaderElectionOptions) {
    this.#claim = claim;
    this.#rivals = rivals;
    this.#options = options;
    guard(this.signal, () => this.#assertHeld());
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  readonly fence: Fence = async effect => {
    this.signal.throwIfAborted();
    this.#assertHeld();
    return effect(this.signal);
  };

  /** What hinders it; nothing when it leads. */
  async begin(signal: AbortSignal): Promise<Hindrance | undefined> {
    const { clock, log, name } = this.#options;
    try {
      const leader = await this.#contend(signal);
      if (leader !== undefined) return { message: `waiting: ${whereLeads(leader)}`, fields: { ...leader } };
      if (this.remainingMs() <= 0) return {};
    } catch (error) {
      signal.throwIfAborted();
      // Another one was faster, which is how it should be.
      if (isConflict(error) || isAlreadyExists(error)) return {};
      return { message: 'could not contend for the leadership', fields: { error: describeError(error) } };
    }
    this.#armDeadline();
    this.#renewing = this.#keepRenewing();
    log.info('leading', { lease: name, at: new Date(clock.now()).toISOString() });
    return undefined;
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
    // Not under the guard of that signal: what it forbids from now on is to act as the leader.
    await this.#claim.release(AbortSignal.any([this.signal])).catch((error: unknown) => {
      this.#options.log.warn('could not release the leadership; others wait until it expires', {
        error: describeError(error),
      });
    });
  }

  /** Lists before it writes: whoever waits for another costs no write, and nobody takes it for one that leads. */
  async #contend(signal: AbortSignal): Promise<Leader | undefined> {
    const [leader] = await this.#rivals.list(signal);
    return leader ?? (await this.#attempt(signal));
  }

  /** Gets or renews the lease; answers who leads instead. */
  async #attempt(signal: AbortSignal): Promise<Leader | undefined> {
    const { clock, namespace } = this.#options;
    // Taken before the call is sent: whoever sees the renewal sees it later than this.
    const sentAt = { monotonic: clock.monotonic(), wall: clock.now() };
    if (!(await this.#claim.attempt(signal))) return { holder: this.#claim.holder, namespace };
    if (this.#isNewTerm()) {
      const [leader] = await this.#rivals.list(signal);
      if (leader !== undefined) return this.#yieldTo(leader, signal);
    }
    this.#acquireTime = this.#claim.acquireTime;
    this.#renewedAt = sentAt;
    return undefined;
  }

  /**
   * Whether it was not held all the time until now. In another namespace nobody touches this lease when it takes over,
   * so that a process which slept through its deadline can still renew it: that it could proves nothing then.
   */
  #isNewTerm(): boolean {
    return this.remainingMs() <= 0 || this.#claim.acquireTime !== this.#acquireTime;
  }

  /** Of two that see each other at once both do this, and come back after pauses that differ. */
  async #yieldTo(leader: Leader, signal: AbortSignal): Promise<Leader> {
    // If that fails it runs out.
    await this.#claim.release(signal).catch(() => undefined);
    return leader;
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
      const leader = await this.#attempt(until);
      if (until.aborted) return;
      if (leader !== undefined) return this.#lose(whereLeads(leader));
      this.#armDeadline();
      if (++this.#renewals % LIST_EVERY === 0) await this.#checkRivals(until);
    } catch (error) {
      if (until.aborted) return;
      this.#options.log.warn('could not renew the leadership', { error: describeError(error) });
    }
  }

  /**
   * Two can lead all the same when Leases were deleted or restored by hand, or one is of a version that looks at its
   * own namespace only. The later one goes.
   */
  async #checkRivals(until: AbortSignal): Promise<void> {
    const { namespace, log } = this.#options;
    const others = (await this.#rivals.list(until, LIST_MS)).filter(({ isRenewing }) => isRenewing);
    const own = { acquireTime: this.#acquireTime, namespace };
    const elder = others.find(other => isEarlier(other, own));
    if (until.aborted) return;
    if (elder !== undefined) return this.#lose(`${whereLeads(elder)}, and began earlier`);
    const beside = others[0] && `${whereLeads(others[0])} as well: stop one of them`;
    if (beside !== undefined && beside !== this.#lastRivalWarning) log.warn(beside);
    this.#lastRivalWarning = beside;
  }

  #armDeadline(): void {
    this.#cancelDeadline();
    this.#cancelDeadline = this.#options.clock.after(Math.max(0, this.remainingMs()), () => {
      if (this.remainingMs() > -STANDSTILL_MS) return this.#expire();
      this.#cancelDeadline = this.#options.clock.after(ATTEMPT_MS, () => this.#expire());
    });
  }

  #expire(): void {
    this.#lose(`the lease could not be renewed for ${RENEW_DEADLINE_MS / 1000} s`);
  }

  #lose(why: string): void {
    this.#cancelDeadline();
    this.#lost.abort(this.#loss(why));
  }

  #assertHeld(): void {
    if (this.remainingMs() <= 0) throw this.#loss('its deadline has passed');
  }

  #loss(why: string): LeadershipLost {
    return new LeadershipLost(
      `lost the leadership (lease ${this.#options.name}): ${why}; start it again, and it waits for its turn`,
    );
  }
}
