import type { Droplet } from '../../crds/droplet.ts';
import { projectKeyOf } from '../context.ts';
import { snapshotsCost } from '../read-model/snapshot-cost.ts';
import { takesSnapshots, withoutSnapshot } from '../read-model/without-snapshot.ts';
import type { Context } from './concern.ts';
import { isOfFleet } from './owner-plan.ts';
import type { SnapshotSource } from './source.ts';

/** Makes every scrape show the newest snapshots as they are then. */
export function showSnapshots(context: Context, source: SnapshotSource): void {
  const { clock, droplets, metrics, projects } = context;
  const each = (valueOf: (snapshot: Snapshot, droplet: Droplet) => number | undefined) =>
    droplets.list().flatMap(droplet => {
      const { metadata, spec, status } = droplet;
      const value = status?.snapshot && valueOf(status.snapshot, droplet);
      if (value === undefined) return [];
      const labels = { namespace: metadata.namespace!, project: spec.project, droplet: metadata.name };
      return [[value, labels] as const];
    });
  // Where none is to be taken, an old one is no news.
  const isTaken = (droplet: Droplet): boolean => {
    const project = projects.get(projectKeyOf(droplet));
    return project === undefined || takesSnapshots(project);
  };
  metrics.age.readAtScrape(() =>
    each(({ createdAt }, droplet) =>
      isTaken(droplet) ? (clock.now() - Date.parse(createdAt)) / 1000 : undefined,
    ),
  );
  metrics.unsaved.readAtScrape(() =>
    withoutSnapshot(droplets.list(), projects.list(), clock.now()).map(
      ({ ageMs, ...labels }) => [ageMs / 1000, labels] as const,
    ),
  );
  metrics.pause.readAtScrape(() => each(({ pauseMs }) => pauseMs && pauseMs / 1000));
  metrics.cost.readAtScrape(() => {
    const known = source.known()?.filter(snapshot => isOfFleet(snapshot, context));
    return known === undefined ? [] : [[snapshotsCost(known)]];
  });
}

type Snapshot = NonNullable<NonNullable<Droplet['status']>['snapshot']>;
