import type { Clock } from '../../clients/clock.ts';
import type { Informer } from '../../clients/kubernetes/client.ts';
import type { Lease } from '../../clients/kubernetes/kinds.ts';
import { keyOf } from '../../crds/meta.ts';
import { VOUCH_LABEL } from '../../reconcilers/health/vouch.ts';
import {
  HEARTBEAT_SECONDS,
  heartbeatLease,
  heartbeatName,
  MONITOR_LABEL,
  readHeartbeat,
} from '../../reconcilers/monitor/heartbeat.ts';
import type { LiveMonitor } from '../../reconcilers/monitor/share-plan.ts';
import { createSince } from '../../reconcilers/since.ts';
import type { LeaseWriter } from '../../reconcilers/health/lease-writer.ts';

/** What nobody has renewed for so long is of no use to anybody, in milliseconds. */
const LITTER_MS = 300_000;
/** Not votes: the operator removes those. */
const LITTER_LABELS = [MONITOR_LABEL, VOUCH_LABEL];

/** One monitor among others. */
export interface Membership {
  /** Tells the others that this one lives. */
  beat(): Promise<boolean>;
  /** Those that live, this one included: whose heartbeat was seen to change lately, on this process's own clock. */
  live(): LiveMonitor[];
  /** Removes heartbeats and vouches that their authors left behind when they died. */
  sweep(): void;
  /** The others need not wait. */
  leave(): Promise<boolean>;
}

/** What it is made of. */
export interface MembershipParts {
  readonly self: LiveMonitor;
  readonly namespace: string;
  readonly leases: Pick<Informer<Lease>, 'list' | 'onChange'>;
  readonly clock: Clock;
}

/** Nothing is written yet. */
export function joinMonitors(
  { self, namespace, leases, clock }: MembershipParts,
  writer: LeaseWriter,
): Membership {
  const since = createSince(clock);
  const startedAt = clock.now();
  const ageMs = (lease: Lease): number => since.ageMs(keyOf(lease), lease.metadata.resourceVersion ?? '');
  leases.onChange(({ type, object }) => {
    if (type === 'deleted') since.forget(keyOf(object));
    else ageMs(object);
  });
  const isLitter = (lease: Lease): boolean =>
    LITTER_LABELS.some(label => lease.metadata.labels?.[label] !== undefined) && ageMs(lease) >= LITTER_MS;
  return {
    beat: () => writer.write(heartbeatLease(self, { namespace, startedAt, now: clock.now() })),
    live() {
      const fresh = leases.list().filter(lease => ageMs(lease) < HEARTBEAT_SECONDS * 1_000);
      const others = fresh
        .flatMap(lease => readHeartbeat(lease) ?? [])
        .filter(({ name }) => name !== self.name);
      return [self, ...others];
    },
    sweep() {
      for (const lease of leases.list().filter(isLitter)) void writer.remove(lease);
    },
    leave: () => writer.remove({ metadata: { name: heartbeatName(self.name), namespace } }),
  };
}
