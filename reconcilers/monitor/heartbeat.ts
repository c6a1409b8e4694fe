// A monitor's heartbeat is a Lease too: it tells the others that it lives, and so takes its share of the fleet.
import { createHash } from 'node:crypto';
import type { Lease } from '../../clients/kubernetes/kinds.ts';
import { toMicroTime } from '../../clients/kubernetes/micro-time.ts';
import { GROUP } from '../../crds/names.ts';
import type { LiveMonitor, Weigh } from './share-plan.ts';

/** On every heartbeat: the monitor's name. */
export const MONITOR_LABEL = `${GROUP}/monitor`;
/** On that of a monitor which was told whom to act for: those Droplets, as `namespace/name`, with commas between. */
export const ACTS_FOR_ANNOTATION = `${GROUP}/acts-for`;

/** How long a monitor counts as alive after its heartbeat was seen. */
export const HEARTBEAT_SECONDS = 30;
/** How often it is renewed, in milliseconds. */
export const HEARTBEAT_MS = 10_000;

/** The name of the Lease. */
export const heartbeatName = (monitor: string): string => `monitor-${monitor}`;

/** The Lease of a monitor that began at `startedAt` and lives at `now`; ms since the epoch. */
export function heartbeatLease(
  { name, pinned }: LiveMonitor,
  { namespace, startedAt, now }: { namespace: string; startedAt: number; now: number },
): Lease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: heartbeatName(name),
      namespace,
      labels: { [MONITOR_LABEL]: name },
      ...(pinned && { annotations: { [ACTS_FOR_ANNOTATION]: pinned.join(',') } }),
    },
    spec: {
      holderIdentity: name,
      leaseDurationSeconds: HEARTBEAT_SECONDS,
      acquireTime: toMicroTime(startedAt),
      renewTime: toMicroTime(now),
    },
  };
}

/** The monitor whose heartbeat a Lease is; undefined for any other Lease. */
export function readHeartbeat({ metadata }: Lease): LiveMonitor | undefined {
  const name = metadata.labels?.[MONITOR_LABEL];
  if (name === undefined || metadata.name !== heartbeatName(name)) return undefined;
  const told = metadata.annotations?.[ACTS_FOR_ANNOTATION];
  return { name, pinned: told?.split(',').filter(key => key !== '') };
}

/** The weights that all monitors agree on. */
export const weighBySha256: Weigh = (monitor, droplet) =>
  createHash('sha256').update(`${monitor}\n${droplet}`).digest('hex');
