import type { Clock } from '../../clients/clock.ts';
import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isConflict, isNotFound } from '../../clients/kubernetes/errors.ts';
import { findObject } from '../../clients/kubernetes/find-object.ts';
import { LEASES, type Lease } from '../../clients/kubernetes/kinds.ts';
import { attemptWithin } from '../../clients/kubernetes/attempt.ts';
import { claimLease, holderOf, isHeldByOther, isOutlived, releaseLease, RENEW_DEADLINE_MS } from './lease.ts';

/** Whose lease it is about, and how to reach it. */
export interface LeaseClaimOptions {
  client: Pick<KubernetesClient, 'get' | 'list' | 'create' | 'replace'>;
  clock: Clock;
  namespace: string;
  /** The Lease's name, the same in whatever namespace an operator of this API has its own. */
  name: string;
  labels?: Readonly<Record<string, string>>;
  /** Unique to this process: two that share it would both believe that they hold the lease. */
  identity: string;
  /** Whether that holder is surely dead, so that what it held may be taken at once; none is by default. */
  isKnownDead?: (holder: string) => boolean;
}

/** An attempt has this long, so that a hanging call leaves time for another before the deadline. */
export const ATTEMPT_MS = RENEW_DEADLINE_MS / 2;

/**
 * One process's dealings with a Lease. Whether it has expired is judged by how long this process has seen it
 * unchanged, never by the times written in it: they come from another machine's clock.
 */
export class LeaseClaim {
  readonly #options: LeaseClaimOptions;
  /** As last read or written. */
  #known: Lease | undefined;
  /** The monotonic time at which that version was first seen. */
  #seenAt = 0;

  constructor(options: LeaseClaimOptions) {
    this.#options = options;
  }

  /** Who holds it, as far as known. */
  get holder(): string {
    return holderOf(this.#known);
  }

  /** When it was got, as written in it. */
  get acquireTime(): string {
    return this.#known?.spec?.acquireTime ?? '';
  }

  /** When it was last renewed, as written in it. */
  get renewTime(): string {
    return this.#known?.spec?.renewTime ?? '';
  }

  /** Gets or renews it. False when somebody else has it; throws when it cannot be told or written. */
  async attempt(signal: AbortSignal): Promise<boolean> {
    return attemptWithin(this.#options.clock, ATTEMPT_MS, signal, cut => this.#hold(cut));
  }

  /** Lets the next one have it at once. */
  async release(signal: AbortSignal): Promise<void> {
    try {
      await this.#giveBack(signal);
    } catch (error) {
      if (!isConflict(error)) throw error;
      // A renewal that was cut off may have been written all the same.
      await this.#read(signal);
      await this.#giveBack(signal);
    }
  }

  async #giveBack(signal: AbortSignal): Promise<void> {
    if (this.#known === undefined || this.holder !== this.#options.identity) return;
    const released = releaseLease(this.#known, this.#options.clock.now());
    this.#note(await this.#options.client.replace(LEASES, released, { signal }));
  }

  async #hold(signal: AbortSignal): Promise<boolean> {
    if (this.holder === this.#options.identity && (await this.#renewKnown(signal))) return true;
    const current = await this.#read(signal);
    if (this.#isOthers() && !this.#hasExpired()) return false;
    await this.#write(current, signal);
    return true;
  }

  /** The usual renewal, in one call. False when the lease is no longer the one that is known. */
  async #renewKnown(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#write(this.#known, signal);
      return true;
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) return false;
      throw error;
    }
  }

  /** A lease that vanished stays known: its holder does not know yet, and has the rest of its time. */
  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    const { client, namespace, name } = this.#options;
    const lease = await findObject(client, LEASES, `${namespace}/${name}`, { signal });
    if (lease !== undefined) this.#note(lease);
    return lease;
  }

  async #write(current: Lease | undefined, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#options;
    const claimed = claimLease(current, this.#options, clock.now());
    const write =
      current === undefined
        ? client.create(LEASES, claimed, { signal })
        : client.replace(LEASES, claimed, { signal });
    this.#note(await write);
  }

  #note(lease: Lease): void {
    const isNews = lease.metadata.resourceVersion !== this.#known?.metadata.resourceVersion;
    if (isNews) this.#seenAt = this.#options.clock.monotonic();
    this.#known = lease;
  }

  #isOthers(): boolean {
    return isHeldByOther(this.#known, this.#options.identity);
  }

  #hasExpired(): boolean {
    if (this.#options.isKnownDead?.(this.holder)) return true;
    return isOutlived(this.#known, this.#options.clock.monotonic() - this.#seenAt);
  }
}
