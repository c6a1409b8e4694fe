import { findCondition } from '../../crds/conditions.ts';
import type { Context } from './concern.ts';
import type { HealthLeases } from './leases.ts';

/** Makes every scrape show the votes, the health and the monitors as they are then. */
export function showHealth(
  { droplets, metrics }: Pick<Context, 'droplets' | 'metrics'>,
  leases: HealthLeases,
): void {
  metrics.votes.readAtScrape(() => {
    const suspects = leases.tally.suspects(0);
    return suspects.map(({ dropletID, project }) => [leases.tally.against(dropletID).length, { project }]);
  });
  metrics.health.readAtScrape(() =>
    droplets.list().flatMap(({ metadata, spec, status }) => {
      const reason = findCondition(status?.conditions, 'Healthy')?.reason;
      const { project } = spec;
      return reason === undefined ? [] : [[1, { namespace: metadata.namespace!, project, reason }]];
    }),
  );
  metrics.monitored.readAtScrape(() => {
    const watchers = leases.watchers();
    return watchers === 'unknown' ? [] : [[watchers === 'running' ? 1 : 0]];
  });
}
