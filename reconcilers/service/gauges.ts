import type { Handles } from '../metrics.ts';
import type { ServiceSummary } from '../read-model/services.ts';
import type { SERVICE } from './concern.ts';

/** Makes every scrape show the services that should run as they are then. */
export function showServices(
  metrics: Pick<Handles<typeof SERVICE.metrics>, 'services'>,
  summary: () => readonly ServiceSummary[],
): void {
  metrics.services.readAtScrape(() =>
    summary()
      .filter(({ isDeployed }) => isDeployed)
      .map(({ namespace, project, environment, service, ready }) => [
        1,
        { namespace, project, environment, service, ready: `${ready}` },
      ]),
  );
}
