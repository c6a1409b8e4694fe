import { systemClock } from '../../clients/clock.ts';
import type { Logger } from '../../clients/log.ts';
import type { FleetPlan } from '../../reconcilers/fleet-plan/plan.ts';
import { expectYes } from '../ask.ts';
import { CommandFailure } from '../failure.ts';
import { createLogger } from '../logger.ts';
import { printResult, printLine } from '../output.ts';
import { describeEffects, type Doubt } from '../../reconcilers/gate/effect.ts';
import { SNAPSHOT_FIRST } from '../../reconcilers/gate/book.ts';
import { readLedger } from '../../reconcilers/gate/ledger.ts';
import { fleetLine } from '../../reconcilers/read-model/fleet-line.ts';

import { planTable } from '../show/plan-table.ts';
import { createProgress } from '../show/progress.ts';
import { stopSignal } from '../stop.ts';
import { confirmHeld, confirmLosses, isForgoing } from '../world/confirmations.ts';
import { requestReconcile, untilConvergedInCloud, type Ending } from '../world/converge.ts';
import type { HostsChoice } from '../world/embedded.ts';
import { desiredCsv, localCsvOf, rowsOrFail } from '../world/csv.ts';
import { pricesOf, watchFleet } from '../world/fleet-watch.ts';
import { serversOf } from '../world/orphans.ts';
import { planForRows, type PlanForRows } from '../world/fleet-plan.ts';
import { bringInfrastructureUpToDate, startOperator, type RunningOperator } from '../world/operator.ts';
import { isOperatorRunning } from '../world/running-operator.ts';
import { placeOf } from '../world/place.ts';
import { expectWorker, recordSource, type SourceOptions } from '../world/source.ts';
import { openWorld } from '../world/open.ts';
import type { World } from '../world/world.ts';

export interface OrchestrateFlags {
  force?: true;
  confirm?: true;
  /** With `confirm`: servers that hold data go without a last snapshot. */
  withoutSnapshot?: true;
  /** Milliseconds. */
  timeout: number;
  /** The machines of the sandbox. */
  hosts: HostsChoice;
}

export interface OrchestrateOptions extends SourceOptions, OrchestrateFlags {
  /** What was asked for is meant: nobody needs to be asked. */
  yes?: true;
}

/** Makes everything as projects.csv says and waits; the exit code is 0 only when everything is Ready. */
export async function orchestrate(options: OrchestrateOptions): Promise<void> {
  const world = await openWorld(options);
  try {
    await orchestrateIn(world, options);
  } finally {
    await world.close();
  }
}

/** The same in a world that is open already. */
export async function orchestrateIn(world: World, options: OrchestrateOptions): Promise<void> {
  const { withoutSnapshot = false } = options;
  if (withoutSnapshot && !options.confirm)
    throw new CommandFailure('--without-snapshot says what is confirmed: give --confirm too');
  await expectWorker(world, options);
  const rows = rowsOrFail(await desiredCsv(options, world));
  const prices = pricesOf(await world.cloud.listSizes());
  const plan = rows && (await planForRows(world, rows));
  if (plan !== undefined) {
    if (world.hasCluster && options.csv !== undefined) await expectMeant(plan, world, options);
    if (plan.held !== undefined && !options.confirm) throw heldFailure(plan, plan.held);
    if (plan.held !== undefined)
      printLine(
        options,
        `Confirmed: ${await confirmLosses(world, plan.losses, Date.now(), withoutSnapshot)}.`,
      );
  }
  if (options.confirm)
    for (const entry of (await readLedger(world.kubernetes, world.namespace)).held)
      if ((withoutSnapshot || !isForgoing(entry)) && (await confirmHeld(world, entry, withoutSnapshot)))
        printLine(options, `Confirmed: ${entry.effects}.`);
  if (options.force) await requestReconcile(world, new Date());
  const progress = options.output === 'json' ? undefined : createProgress(process.stdout, process.stderr);
  const log = createLogger(options, 'warn', progress?.log);
  const stopped = stopSignal();
  const stop = new AbortController();
  const ended = AbortSignal.any([stopped, AbortSignal.timeout(options.timeout)]);
  const operator = (await isOperatorRunning(world)) ? undefined : await begin(world, options, log);
  try {
    const fleet = await watchFleet(world.kubernetes, () => prices, log, stop.signal);
    const { namespace } = world;
    const wait = { fleet, rows: plan?.followed, namespace, progress, clock: systemClock, signal: ended };
    const waiting = untilConvergedInCloud(wait, () => serversOf(world));
    const ending = await Promise.race([waiting, ...(operator ? [operator.failed] : [])]);
    if (stopped.aborted)
      throw new CommandFailure('stopped; what was begun goes on with the next "dropfleet orchestrate"', 130);
    if (ending.state !== 'converged') throw failureOf(ending, options);
    if (plan !== undefined && plan.heldRows.length > 0) throw new CommandFailure(plan.heldRows.join('\n'));
    const summary = fleet.summary();
    if (progress === undefined) printResult(options, summary, () => []);
    else progress.end(`${fleetLine(summary)}.`);
  } finally {
    progress?.leave();
    stop.abort();
    await operator?.stop();
  }
  if (operator !== undefined && rows !== undefined) await bringInfrastructureUpToDate(world, options);
}

/** A file of this machine is about to decide over a cluster: a person is to see first what comes of that. */
async function expectMeant(plan: PlanForRows, world: World, options: OrchestrateOptions): Promise<void> {
  const lines = [`${placeOf(world)}; rows: ${options.csv}`, ...planTable(plan, plan.heldRows)];
  for (const line of lines) printLine(options, line);
  await expectYes('Do this?', options.yes ?? false);
}

async function begin(world: World, options: OrchestrateOptions, log: Logger): Promise<RunningOperator> {
  const path = localCsvOf(options, world);
  if (path !== undefined) await recordSource(world, path);
  return await startOperator(world, options, log);
}

/** The operator would hold it too: there is nothing to wait for. */
const heldFailure = ({ losses }: FleetPlan, { message }: Doubt): CommandFailure =>
  new CommandFailure(
    `held: ${describeEffects(losses)}; ${message}. No changes made: fix projects.csv, or pass --confirm to allow it${losses.some(({ data }) => data) ? `. ${SNAPSHOT_FIRST}` : ''}`,
  );

function failureOf(
  ending: Exclude<Ending, { state: 'converged' }>,
  { timeout }: OrchestrateOptions,
): CommandFailure {
  switch (ending.state) {
    case 'held':
      return new CommandFailure(ending.message);
    case 'failed':
      return new CommandFailure(ending.messages.join('\n'));
    case 'timeout':
      return new CommandFailure(
        `not everything was Ready after ${timeout / 1_000} s: still waiting for ${ending.waitingFor.join(', ')}. It goes on with the next "dropfleet orchestrate", or give more time with --timeout`,
      );
  }
}
