import { formatProblems } from '../../config/problems.ts';
import { sayAdvice } from '../../reconcilers/leftovers/advice-plan.ts';
import { convergenceOf } from '../../reconcilers/read-model/convergence.ts';
import { asInCloud } from '../../reconcilers/read-model/as-in-cloud.ts';
import { summarizeFleet } from '../../reconcilers/read-model/fleet-summary.ts';
import { fleetLine, fleetTable } from '../show/fleet-table.ts';
import { createLogger } from '../logger.ts';
import { printResult } from '../output.ts';
import type { GlobalOptions } from '../options.ts';
import { pricesOf, watchFleet } from '../world/fleet-watch.ts';
import { readableCsv } from '../world/csv.ts';
import { lookAtCloud } from '../world/leftovers.ts';
import { isOperatorRunning } from '../world/operator.ts';
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
    const isKept = await isOperatorRunning(world);
    const said = { projects: fleet.projects(), droplets: fleet.droplets() };
    const { leftovers, servers } = await lookAtCloud(world, said.droplets);
    const { projects, droplets } = isKept ? said : asInCloud(said, servers, new Date());
    const summary = summarizeFleet(projects, droplets, prices);
    const { namespace } = world;
    const convergence = convergenceOf({ rows, namespace, projects, droplets, fleet: summary });
    const ready = convergence.state === 'converged' && problems.length === 0;
    printResult(options, { ...summary, ready, kept: isKept, convergence, problems, leftovers }, () => [
      ...fleetTable(summary),
      '',
      fleetLine(summary),
      ...(problems.length > 0 ? [formatProblems(problems)] : []),
      ...leftovers.map(
        leftover => `left over: ${leftover.kind} ${leftover.id} (${leftover.name}); ${sayAdvice(leftover)}`,
      ),
      ...(isKept ? [] : [nobodyKeepsIt(world)]),
    ]);
    process.exitCode = ready ? 0 : 1;
  } finally {
    stop.abort();
    await world.close();
  }
}

const nobodyKeepsIt = ({ hasCluster }: World): string =>
  hasCluster
    ? 'No operator is at work in this cluster: look at its pod, by "kubectl -n dropfleet get pods" where deploy/ was applied.'
    : 'Nothing is running here: "dropfleet up" keeps the fleet as projects.csv says.';
