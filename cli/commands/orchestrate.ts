import { systemClock } from '../../clients/clock.ts';
import { CommandFailure } from '../failure.ts';
import { createLogger } from '../logger.ts';
import type { GlobalOptions } from '../options.ts';
import { printResult, say } from '../output.ts';
import { readLedger } from '../../reconcilers/gate/ledger.ts';
import { fleetLine } from '../show/fleet-table.ts';
import { createProgress } from '../show/progress.ts';
import { stopSignal } from '../stop.ts';
import { confirmHeld, confirmLosses } from '../world/confirmations.ts';
import { requestReconcile, untilConvergedInCloud, type Ending } from '../world/converge.ts';
import type { HostsChoice } from '../world/embedded.ts';
import { readableCsv, rowsOrFail } from '../world/csv.ts';
import { pricesOf, watchFleet } from '../world/fleet-watch.ts';
import { serversOf } from '../world/leftovers.ts';
import { planForRows } from '../world/fleet-plan.ts';
import { bringInfrastructureUpToDate, isOperatorRunning, startOperator } from '../world/operator.ts';
import { openWorld, type World } from '../world/world.ts';

export interface OrchestrateFlags {
  force?: true;
  confirm?: true;
  /** Milliseconds. */
  timeout: number;
  /** The machines of the sandbox. */
  hosts: HostsChoice;
}

export interface OrchestrateOptions extends GlobalOptions, OrchestrateFlags {}

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
  const rows = rowsOrFail(await readableCsv(options, world));
  const prices = pricesOf(await world.cloud.listSizes());
  if (rows !== undefined) {
    const { held, losses } = await planForRows(world, rows);
    if (held !== undefined && options.confirm)
      say(options, `Confirmed: ${await confirmLosses(world, losses, Date.now())}.`);
  }
  if (options.confirm)
    for (const entry of (await readLedger(world.kubernetes, world.namespace)).held)
      if (await confirmHeld(world, entry)) say(options, `Confirmed: ${entry.effects}.`);
  if (options.force) await requestReconcile(world, new Date());
  const progress = options.output === 'json' ? undefined : createProgress(process.stdout, process.stderr);
  const log = createLogger(options, 'warn', progress?.log);
  const stopped = stopSignal();
  const stop = new AbortController();
  const ended = AbortSignal.any([stopped, AbortSignal.timeout(options.timeout)]);
  const operator = (await isOperatorRunning(world)) ? undefined : await startOperator(world, options, log);
  try {
    const fleet = await watchFleet(world.kubernetes, () => prices, log, stop.signal);
    const { namespace } = world;
    const wait = { fleet, rows, namespace, progress, clock: systemClock, signal: ended };
    const waiting = untilConvergedInCloud(wait, () => serversOf(world));
    const ending = await Promise.race([waiting, ...(operator ? [operator.failed] : [])]);
    if (stopped.aborted)
      throw new CommandFailure('stopped; what was begun goes on with the next "dropfleet orchestrate"', 130);
    if (ending.state !== 'converged') throw failureOf(ending, options);
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
