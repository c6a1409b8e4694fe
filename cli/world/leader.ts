import { sleep, type Clock } from '../../clients/clock.ts';
import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isForbidden, isNotFound } from '../../clients/kubernetes/errors.ts';
import type { Logger } from '../../clients/log.ts';
import { LEASES, type Lease } from '../../clients/kubernetes/kinds.ts';
import { holderOf, RETRY_PERIOD_MS } from '../../controllers/runtime/lease.ts';

/** The Lease that the operators of one API contend for, each in its own namespace. */
export const LEADER_LEASE = 'dropfleet-leader';

type LeaseReader = Pick<KubernetesClient, 'get' | 'list'>;

/**
 * The namespace from which this cluster's operator works: its Lease is there, its SSH key, and the Projects of
 * projects.csv. A person's kubeconfig mostly names another one, where a command would find none of them, and start a
 * second operator beside the first.
 */
export async function operatorNamespace(kubernetes: LeaseReader, own: string, now: Date): Promise<string> {
  const leases = (await leaderLeases(kubernetes, own)).toSorted((a, b) => renewedAt(b) - renewedAt(a));
  const all = leases.map(namespaceOf);
  const live = leases.filter(lease => isHeld(lease) && isFresh(lease, now.getTime())).map(namespaceOf);
  for (const namespaces of [live, all])
    if (namespaces.length > 0) return namespaces.includes(own) ? own : namespaces[0]!;
  return own;
}

/** An operator that leads. */
interface Leader {
  holder: string;
  namespace: string;
}

/** What finding a leader takes. */
interface LeaderSearch {
  /** Looked at alone where the Leases of others may not be seen. */
  namespace: string;
  clock: Clock;
  /** Whether that holder is surely dead; none is by default. */
  isKnownDead?: (holder: string) => boolean;
}

/** While it is watched, a Lease that is held becomes due to be renewed twice, and a slow call may come between. */
const WATCH_MS = 2.5 * RETRY_PERIOD_MS;
const CHECK_MS = 500;
/** Clocks that are further apart than this let no TLS connection come about. */
const DAY_MS = 24 * 3_600_000;

/**
 * The operator that leads now, if one does. A Lease that was renewed just now by this machine's clock is believed, so
 * that a command need not wait; who died a moment ago is so believed to be there for as long as the Lease lasts.
 * Clocks differ: of one that looks old, or comes from the future, only a renewal before one's eyes tells.
 */
export async function findLeader(
  kubernetes: LeaseReader,
  { namespace, clock, isKnownDead = () => false }: LeaderSearch,
): Promise<Leader | undefined> {
  const read = async (): Promise<Lease[]> => {
    const leases = await leaderLeases(kubernetes, namespace);
    return leases.filter(lease => isHeld(lease) && !isKnownDead(holderOf(lease)));
  };
  const held = await read();
  const fresh = held.find(lease => isFresh(lease, clock.now()));
  const isDoubtful = held.some(lease => ageOf(lease, clock.now()) < DAY_MS);
  const leader = fresh ?? (isDoubtful ? await seenRenewed(held, read, clock) : undefined);
  return leader && { holder: holderOf(leader), namespace: namespaceOf(leader) };
}

/**
 * Waits while another operator leads, and says so once: before it leads, an operator has no business with the fleet's
 * key, which may be kept where this one cannot see it. Rejects with the signal's reason.
 */
export async function standBy(
  kubernetes: LeaseReader,
  search: LeaderSearch,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  let isLogged = false;
  for (;;) {
    signal.throwIfAborted();
    const leader = await findLeader(kubernetes, search);
    if (leader === undefined) return;
    if (!isLogged) log.warn(`waiting: operator ${leader.holder} leads from namespace ${leader.namespace}`);
    isLogged = true;
    await sleep(search.clock, RETRY_PERIOD_MS, signal);
  }
}

async function seenRenewed(
  before: Lease[],
  read: () => Promise<Lease[]>,
  clock: Clock,
): Promise<Lease | undefined> {
  const known = new Set(before.map(({ metadata }) => metadata.resourceVersion));
  const until = clock.monotonic() + WATCH_MS;
  while (clock.monotonic() < until) {
    await sleep(clock, CHECK_MS);
    const renewed = (await read()).find(({ metadata }) => !known.has(metadata.resourceVersion));
    if (renewed !== undefined) return renewed;
  }
  return undefined;
}

/** Whoever may not see the Leases of other namespaces has but the own one to go by. */
async function leaderLeases(kubernetes: LeaseReader, own: string): Promise<Lease[]> {
  try {
    const { items } = await kubernetes.list(LEASES, { fieldSelector: `metadata.name=${LEADER_LEASE}` });
    return items;
  } catch (error) {
    if (isForbidden(error)) return ownLease(kubernetes, own);
    throw error;
  }
}

async function ownLease(kubernetes: LeaseReader, own: string): Promise<Lease[]> {
  try {
    return [await kubernetes.get(LEASES, `${own}/${LEADER_LEASE}`)];
  } catch (error) {
    if (isForbidden(error) || isNotFound(error)) return [];
    throw error;
  }
}

const namespaceOf = ({ metadata }: Lease): string => metadata.namespace ?? '';
const renewedAt = ({ spec }: Lease): number => Date.parse(spec?.renewTime ?? '') || 0;
/** How far the time of its renewal is from now, in whichever direction. */
const ageOf = (lease: Lease, now: number): number => Math.abs(now - renewedAt(lease));
const isHeld = (lease: Lease): boolean => holderOf(lease) !== '';
const isFresh = (lease: Lease, now: number): boolean =>
  ageOf(lease, now) < (lease.spec?.leaseDurationSeconds ?? 0) * 1_000;
