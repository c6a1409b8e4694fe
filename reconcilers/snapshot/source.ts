import type { Clock } from '../../clients/clock.ts';
import type { Cloud, CloudSnapshot } from '../../clients/digitalocean/cloud.ts';
import type { Logger } from '../../clients/log.ts';
import { createComplaint } from '../../clients/log/complaint.ts';
import { listSnapshots } from './list.ts';

/** The account's snapshots, as last listed. */
export interface SnapshotSource {
  /** Lists them unless that was done within `maxAgeMs`. A list that fails is no empty one: it rejects. */
  list(maxAgeMs: number, signal: AbortSignal): Promise<readonly CloudSnapshot[]>;
  /** What the last list had that succeeded; undefined before. */
  known(): readonly CloudSnapshot[] | undefined;
}

/** What a source needs. */
export interface SnapshotSourceOptions {
  cloud: Pick<Cloud, 'listSnapshots'>;
  clock: Clock;
  fleetId: string;
  log: Pick<Logger, 'warn' | 'info'>;
}

/** Asks when it must; callers that ask at once share one list. */
export function createSnapshotSource({ cloud, clock, fleetId, log }: SnapshotSourceOptions): SnapshotSource {
  const complaint = createComplaint(clock, log);
  let last: { snapshots: readonly CloudSnapshot[]; at: number } | undefined;
  let underway: { promise: Promise<readonly CloudSnapshot[]>; at: number } | undefined;

  async function fetch(at: number, signal: AbortSignal): Promise<readonly CloudSnapshot[]> {
    const { snapshots, unreadable } = await listSnapshots(cloud, fleetId, signal);
    if (unreadable === undefined) complaint.over('all snapshots can be read again');
    else complaint.of(unreadable);
    last = { snapshots, at };
    return snapshots;
  }

  return {
    known: () => last?.snapshots,
    list(maxAgeMs, signal) {
      const now = clock.monotonic();
      if (last !== undefined && now - last.at < maxAgeMs) return Promise.resolve(last.snapshots);
      // One that began before it was asked for may lack what has come since.
      if (underway !== undefined && (underway.at === now || maxAgeMs > 0)) return underway.promise;
      const promise = fetch(now, signal).finally(() => (underway = undefined));
      underway = { promise, at: now };
      return promise;
    },
  };
}
