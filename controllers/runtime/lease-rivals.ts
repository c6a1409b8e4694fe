import { LEASES, type Lease } from '../../clients/kubernetes/kinds.ts';
import { attemptWithin } from '../../clients/kubernetes/attempt.ts';
import { ATTEMPT_MS, type LeaseClaimOptions } from './lease-claim.ts';
import { holderOf, isOutlived } from './lease.ts';

/** Somebody who holds the Lease of the same name in another namespace, and may be alive. */
export interface Rival {
  holder: string;
  namespace: string;
  /** As that one wrote it. */
  acquireTime: string;
  /** It was seen to renew; who only tries to get the leadership never does. */
  isRenewing: boolean;
}

interface Observation {
  lease: Lease;
  /** The monotonic time at which this version was first seen. */
  seenAt: number;
  isRenewing: boolean;
}

/**
 * Who else leads the same API from another namespace. As with the own Lease, only what this process has seen itself
 * tells whether a holder is alive: one is until it was seen unchanged for longer than its Lease lasts.
 */
export class LeaseRivals {
  readonly #options: LeaseClaimOptions;
  /** By namespace. */
  readonly #seen = new Map<string, Observation>();

  constructor(options: LeaseClaimOptions) {
    this.#options = options;
  }

  /**
   * Those who are alive, the first to have begun first. A list that names no version is as new as the last write that
   * was answered before it was asked for: of two who both write and then list, one at least sees the other.
   */
  async list(signal: AbortSignal, withinMs = ATTEMPT_MS): Promise<Rival[]> {
    const { client, clock, name } = this.#options;
    const selection = { fieldSelector: `metadata.name=${name}` };
    const { items } = await attemptWithin(clock, withinMs, signal, cut =>
      client.list(LEASES, selection, { signal: cut }),
    );
    for (const lease of items) this.#note(lease);
    this.#forget(new Set(items.map(namespaceOf)));
    return this.#alive().toSorted((a, b) => (isEarlier(a, b) ? -1 : 1));
  }

  #note(lease: Lease): void {
    const namespace = namespaceOf(lease);
    if (namespace === this.#options.namespace) return;
    const before = this.#seen.get(namespace);
    if (before?.lease.metadata.resourceVersion === lease.metadata.resourceVersion) return;
    const isRenewing = holderOf(lease) !== '' && before !== undefined && isSameTerm(before.lease, lease);
    this.#seen.set(namespace, { lease, seenAt: this.#options.clock.monotonic(), isRenewing });
  }

  /** A lease that vanished stays known for its time: its holder does not know yet. */
  #forget(there: ReadonlySet<string>): void {
    for (const [namespace, observation] of this.#seen)
      if (!there.has(namespace) && !this.#isAlive(observation)) this.#seen.delete(namespace);
  }

  #alive(): Rival[] {
    return [...this.#seen]
      .filter(([, observation]) => this.#isAlive(observation))
      .map(([namespace, { lease, isRenewing }]) => ({
        holder: holderOf(lease),
        namespace,
        acquireTime: lease.spec?.acquireTime ?? '',
        isRenewing,
      }));
  }

  #isAlive({ lease, seenAt }: Observation): boolean {
    const holder = holderOf(lease);
    if (holder === '' || this.#options.isKnownDead?.(holder)) return false;
    return !isOutlived(lease, this.#options.clock.monotonic() - seenAt);
  }
}

/**
 * Which of two began first, in an order that both agree on; it need not be true, as the times come from two clocks.
 */
export function isEarlier(
  a: Pick<Rival, 'acquireTime' | 'namespace'>,
  b: Pick<Rival, 'acquireTime' | 'namespace'>,
): boolean {
  return a.acquireTime === b.acquireTime ? a.namespace < b.namespace : a.acquireTime < b.acquireTime;
}

const namespaceOf = ({ metadata }: Lease): string => metadata.namespace ?? '';

const isSameTerm = (a: Lease, b: Lease): boolean =>
  holderOf(a) === holderOf(b) && a.spec?.acquireTime === b.spec?.acquireTime;
