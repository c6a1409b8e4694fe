import { LEASES, type Lease } from '../../clients/kubernetes/kinds.ts';
import { toMicroTime } from '../../clients/kubernetes/micro-time.ts';
import { apiVersionOf } from './informers.ts';

/** How long others leave a lease alone after they last saw it change. client-go's number, as the next two. */
export const LEASE_DURATION_MS = 15_000;
/** How long its holder goes on without a renewal. */
export const RENEW_DEADLINE_MS = 10_000;
/** The pause between two attempts to renew or to get it. */
export const RETRY_PERIOD_MS = 2_000;

/** Who has it; empty when nobody does. */
export const holderOf = (lease: Lease | undefined): string => lease?.spec?.holderIdentity ?? '';

/** Whether its holder has stopped, when it was seen unchanged for so long. */
export function isOutlived(lease: Lease | undefined, unchangedMs: number): boolean {
  const promisedMs = (lease?.spec?.leaseDurationSeconds ?? 0) * 1000;
  return unchangedMs > Math.max(LEASE_DURATION_MS, promisedMs);
}

/** Whether somebody else has it, going by its holder alone and not by time. */
export function isHeldByOther(lease: Lease | undefined, identity: string): boolean {
  const holder = holderOf(lease);
  return holder !== '' && holder !== identity;
}

/** The lease as it is when `identity` holds it from now (ms since the epoch) on, or goes on holding it. */
export function claimLease(
  known: Lease | undefined,
  claimant: { namespace: string; name: string; labels?: Readonly<Record<string, string>>; identity: string },
  now: number,
): Lease {
  const { namespace, name, labels, identity } = claimant;
  const { acquireTime, leaseTransitions, holderIdentity } = known?.spec ?? {};
  const isRenewal = holderIdentity === identity;
  const changes = (leaseTransitions ?? 0) + (known !== undefined && !isRenewal ? 1 : 0);
  return {
    apiVersion: apiVersionOf(LEASES),
    kind: 'Lease',
    metadata: {
      ...(known?.metadata ?? { namespace, name }),
      ...(labels && { labels: { ...known?.metadata.labels, ...labels } }),
    },
    spec: {
      holderIdentity: identity,
      leaseDurationSeconds: LEASE_DURATION_MS / 1000,
      acquireTime: isRenewal && acquireTime ? acquireTime : toMicroTime(now),
      renewTime: toMicroTime(now),
      leaseTransitions: changes,
    },
  };
}

/** The lease as its holder leaves it, so that the next one need not wait. */
export function releaseLease(held: Lease, now: number): Lease {
  return {
    ...held,
    spec: { ...held.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: toMicroTime(now) },
  };
}
