import type { Droplet } from '../../crds/droplet.ts';
import { snapshotsCost } from '../read-model/snapshot-cost.ts';
import type { Context } from './concern.ts';
import { isOfFleet } from './owner-plan.ts';
import type { SnapshotSource } from './source.ts';

/** Makes every scrape show the newest snapshots as they are then. */
export function showSnapshots(context: Context, source: SnapshotSource): void {
  const { clock, droplets, metrics } = context;
  const each = (valueOf: (snapshot: Snapshot) => number | undefined) =>
    droplets.list().flatMap(({ metadata, spec, status }) => {
      const value = status?.snapshot && valueOf(status.snapshot);
      if (value === undefined) return [];
      const labels = { namespace: metadata.namespace!, project: spec.project, droplet: metadata.name };
      return [[value, labels] as const];
    });
  metrics.age.readAtScrape(() => each(({ createdAt }) => (clock.now() - Date.parse(createdAt)) / 1000));
  metrics.pause.readAtScrape(() => each(({ pauseMs }) => pauseMs && pauseMs / 1000));
  metrics.cost.readAtScrape(() => {
    const known = source.known()?.filter(snapshot => isOfFleet(snapshot, context));
    return known === undefined ? [] : [[snapshotsCost(known)]];
  });
}

type Snapshot = NonNullable<NonNullable<Droplet['status']>['snapshot']>;
