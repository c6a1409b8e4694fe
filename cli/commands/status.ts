import { resolve } from 'node:path';
import { formatProblems } from '../../config/problems.ts';
import { describeAdvice } from '../../reconcilers/orphans/advice-plan.ts';
import { convergenceOf } from '../../reconcilers/read-model/convergence.ts';
import { asInCloud } from '../../reconcilers/read-model/as-in-cloud.ts';
import { summarizeFleet } from '../../reconcilers/read-model/fleet-summary.ts';
import { describeSnapshots } from '../../reconcilers/read-model/snapshot-cost.ts';
import { UNSAVED_MS, withoutSnapshot, type Unsaved } from '../../reconcilers/read-model/without-snapshot.ts';
import { readLedger } from '../../reconcilers/gate/ledger.ts';
import { describeSuspicion, readVotes, suspicionsOf } from '../../reconcilers/health/suspicions.ts';
import { fleetLine } from '../../reconcilers/read-model/fleet-line.ts';
import { drillLines } from '../show/drill-lines.ts';
import { fleetTable, heldLines } from '../show/fleet-table.ts';
import { retiredLines } from '../show/retired-lines.ts';
import { serviceLines } from '../show/services-table.ts';
import { createLogger } from '../logger.ts';
import { printResult } from '../output.ts';
import type { GlobalOptions } from '../options.ts';
import { pricesOf, watchFleet } from '../world/fleet-watch.ts';
import { csvPathOf, desiredCsv, type CsvOptions } from '../world/csv.ts';
import { readCloudResources } from '../world/orphans.ts';
import { notificationLines, notificationReport } from '../world/notification-report.ts';
import { isOperatorRunning } from '../world/running-operator.ts';
import { billOf } from '../world/snapshot-bill.ts';
import { standingOf } from '../world/standing.ts';
import { daemonCsv, nobodyLeads } from '../world/source.ts';
import { openWorld } from '../world/open.ts';
import type { World } from '../world/world.ts';

/** Shows the fleet and its services; the exit code is 1 when not everything is Ready and as projects.csv says. */
export async function status(options: GlobalOptions): Promise<void> {
  const world = await openWorld({ ...options, readOnly: true });
  const stop = new AbortController();
  try {
    const prices = pricesOf(await world.cloud.listSizes());
    const fleet = await watchFleet(
      world.kubernetes,
      () => prices,
      createLogger(options, 'warn'),
      stop.signal,
    );
    const csv = await desiredCsv(await asDaemon(options, world), world);
    const problems = csv?.problems ?? [];
    const rows = problems.length > 0 ? undefined : csv?.rows;
    const isKept = await isOperatorRunning(world);
    const objects = { projects: fleet.projects(), droplets: fleet.droplets() };
    const { orphans, servers, snapshots, retired } = await readCloudResources(world, objects.droplets);
    const { projects, droplets } = isKept ? objects : asInCloud(objects, servers, new Date());
    const summary = summarizeFleet(projects, droplets, prices);
    const services = fleet.services();
    const { namespace } = world;
    const convergence = convergenceOf({ rows, namespace, projects, droplets, fleet: summary, services });
    const [standing, { held }, notifications, votes] = await Promise.all([
      standingOf(world),
      readLedger(world.kubernetes, namespace),
      notificationReport(options, world),
      readVotes(world.kubernetes, namespace),
    ]);
    const unsaved = withoutSnapshot(droplets, projects, Date.now()).filter(
      ({ ageMs }) => ageMs >= UNSAVED_MS,
    );
    const suspected = suspicionsOf(votes, droplets, Date.now());
    const isFree = standing === undefined && held.length === 0;
    const isConverged = convergence.state === 'converged' && problems.length === 0;
    const ready = isConverged && isFree;
    const result = {
      ...summary,
      ready,
      services,
      kept: isKept,
      convergence,
      problems,
      orphans,
      snapshots: billOf(snapshots),
      unsaved: unsaved.map(({ namespace, droplet }) => `${namespace}/${droplet}`),
      retired,
      standing,
      held,
      suspected,
      notifications,
    };
    printResult(options, result, () => [
      ...fleetTable(summary),
      ...serviceLines(services),
      '',
      fleetLine(summary),
      ...suspected.map(suspicion => describeSuspicion(suspicion, Date.now())),
      ...(snapshots.length > 0 ? [`Snapshots: ${describeSnapshots(snapshots)}`] : []),
      ...unsaved.map(describeUnsaved),
      ...drillLines(droplets, Date.now()),
      ...(standing ? [`Nothing is done: ${standing.message}`] : heldLines(held)),
      ...(problems.length > 0 ? [formatProblems(problems)] : []),
      ...retiredLines(retired, prices),
      ...orphans.map(
        orphan => `orphan: ${orphan.kind} ${orphan.id} (${orphan.name}); ${describeAdvice(orphan)}`,
      ),
      ...notificationLines(notifications),
      ...(isKept ? [] : [nobodyKeepsIt(world)]),
    ]);
    process.exitCode = ready ? 0 : 1;
  } finally {
    stop.abort();
    await world.close();
  }
}

const describeUnsaved = ({ droplet, ageMs }: Unsaved): string =>
  `${droplet} holds data, is ${Math.floor(ageMs / 3_600_000)} hours old, and there is no snapshot of it: "kubectl get events -A" says why`;

/** What is kept is kept as the daemon's own file says, whichever that is. */
async function asDaemon(options: GlobalOptions, world: World): Promise<CsvOptions> {
  const csv = await daemonCsv(world);
  return csv === undefined || csv === resolve(csvPathOf(options)) ? options : { ...options, csv };
}

const nobodyKeepsIt = (world: World): string =>
  world.hasCluster
    ? nobodyLeads(world)
    : `${world.isNew ? `There is no state in ${world.folder} yet. ` : ''}Nothing is running here: "dropfleet up" keeps the fleet as projects.csv says.`;
