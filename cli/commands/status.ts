import { formatProblems } from '../../config/problems.ts';
import { convergenceOf } from '../../reconcilers/read-model/convergence.ts';
import { fleetLine, fleetTable } from '../show/fleet-table.ts';
import { createLogger } from '../logger.ts';
import { printResult } from '../output.ts';
import type { GlobalOptions } from '../options.ts';
import { pricesOf, watchFleet } from '../world/fleet-watch.ts';
import { readableCsv } from '../world/csv.ts';
import { findLeftoversInCloud } from '../world/leftovers.ts';
import { openWorld, type World } from '../world/world.ts';

/** Shows the fleet; the exit code is 1 when not everything is Ready and as projects.csv says. */
export async function status(options: GlobalOptions): Promise<void> {
  const world = await openWorld(options);
  const stop = new AbortController();
  try {
    const prices = pricesOf(await world.cloud.listSizes());
    const fleet = await watchFleet(
      world.kubernetes,
      () => prices,
      createLogger(options, 'warn'),
      stop.signal,
    );
    const csv = await readableCsv(options, world);
    const problems = csv?.problems ?? [];
    const rows = problems.length > 0 ? undefined : csv?.rows;
    const summary = fleet.summary();
    const { namespace } = world;
    const [projects, droplets] = [fleet.projects(), fleet.droplets()];
    const convergence = convergenceOf({ rows, namespace, projects, droplets, fleet: summary });
    const leftovers = await findLeftoversInCloud(world, droplets);
    const ready = convergence.state === 'converged' && problems.length === 0;
    printResult(options, { ...summary, ready, convergence, problems, leftovers }, () => [
      ...fleetTable(summary),
      '',
      fleetLine(summary),
      ...(problems.length > 0 ? [formatProblems(problems)] : []),
      ...leftovers.map(
        ({ kind, id, name }) => `left over: ${kind} ${id} (${name}); dropfleet cleanup removes it`,
      ),
      ...nextStep(world, ready),
    ]);
    process.exitCode = ready ? 0 : 1;
  } finally {
    stop.abort();
    await world.close();
  }
}

function nextStep({ daemon, hasCluster }: World, ready: boolean): string[] {
  if (ready) return [];
  if (daemon !== undefined || hasCluster) return [];
  return ['Nothing is running here: "dropfleet up" keeps the fleet as projects.csv says.'];
}
