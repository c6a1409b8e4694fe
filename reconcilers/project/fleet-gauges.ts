import type { Handles } from '../metrics.ts';
import type { FleetSummary } from '../read-model/fleet-summary.ts';
import type { PROJECT } from './concern.ts';

/** Makes every scrape show the fleet as it is then. */
export function showFleet(metrics: Handles<typeof PROJECT.metrics>, summary: () => FleetSummary): void {
  metrics.droplets.readAtScrape(() => {
    const { projects, strays } = summary();
    const droplets = [...projects.flatMap(project => project.droplets), ...strays];
    return droplets.map(({ namespace, project, role, phase }) => [1, { namespace, project, role, phase }]);
  });
  metrics.projects.readAtScrape(() => {
    const { projects } = summary();
    const ready = projects.filter(project => project.ready).length;
    return [
      [ready, { ready: 'true' }],
      [projects.length - ready, { ready: 'false' }],
    ];
  });
  metrics.monthlyCost.readAtScrape(() =>
    summary().projects.flatMap(({ namespace, name, monthlyCost }) =>
      monthlyCost === undefined ? [] : [[monthlyCost, { namespace, project: name }]],
    ),
  );
}
