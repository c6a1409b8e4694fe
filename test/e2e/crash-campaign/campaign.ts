import type { ApiServer } from '../../environment/api-server.ts';
import type { CrashPoint, Death } from './life.ts';
import { startOperator, type RunningOperator } from './operator-harness.ts';
import { differences, flaws } from './oracle.ts';
import type { Scenario } from './scenarios.ts';
import { openWorld, type CloudFaults, type CampaignWorld } from './world.ts';

/** What goes wrong in one run of a scenario. */
export interface Case {
  readonly fault: CloudFaults;
  /** None for a run without a crash. */
  readonly crash?: CrashPoint;
}

/** How a run went. */
export interface Result {
  /** What the first operator did, up to its death. */
  readonly effects: readonly string[];
  /** None when it was done before it came to the point. */
  readonly death?: Death;
  /** What is wrong in the end; empty when all is well. */
  readonly flaws: readonly string[];
}

/** Longer than any run takes on a machine that is busy with other things. */
const PATIENCE_MS = 150_000;
/** In the world's time: a few polls, so that nobody is about to find something to do. */
const STAYS_MS = 2_000;

/** Runs a scenario in a world of its own. After a crash another operator takes over. */
export async function runCase(
  server: ApiServer,
  scenario: Scenario,
  { fault, crash }: Case,
): Promise<Result> {
  const world = await openWorld(server, scenario);
  try {
    const first = await begin(world, scenario);
    if (scenario.holdsData !== undefined) await world.putData(scenario.holdsData);
    if (scenario.needsConfirmation) world.confirmWhenAsked();
    first.life.arm(crash);
    world.switchOn(fault);
    // A dead operator makes nothing more, and the rest of the scenario happens all the same.
    await Promise.race([first.life.died, scenario.happens?.(world)]);
    await world.writeCsv(scenario.after);
    const death = await Promise.race([first.life.died, converged(world, scenario.after, first)]);
    const last = death ? startOperator(world) : first;
    if (death) await converged(world, scenario.after, last);
    await last.stop();
    return {
      effects: first.life.effects,
      ...(death && { death }),
      flaws: await flaws(world, scenario.after),
    };
  } finally {
    await world.close();
  }
}

/** An operator whose world is as the scenario finds it. */
async function begin(world: CampaignWorld, { before, hasVisitors }: Scenario): Promise<RunningOperator> {
  if (before.length > 0) await world.writeCsv(before);
  const operator = startOperator(world);
  if (hasVisitors) await Promise.race([world.deploy(), operator.failed]);
  if (before.length > 0) await converged(world, before, operator);
  return operator;
}

/** Resolves when nothing has differed for a while; rejects with what does when that takes too long. */
async function converged(
  world: CampaignWorld,
  rows: readonly string[],
  operator: RunningOperator,
): Promise<undefined> {
  const done = Promise.withResolvers<undefined>();
  let cancel: (() => void) | undefined;
  const check = (): void => {
    const isAsWanted = differences(world, rows).length === 0;
    if (isAsWanted) cancel ??= world.clock.after(STAYS_MS, () => done.resolve(undefined));
    else cancel = cancel?.() as undefined;
  };
  const patience = setTimeout(() => done.reject(notConverged(world, rows, operator)), PATIENCE_MS);
  const unsubscribe = world.onChange(check);
  check();
  try {
    return await Promise.race([done.promise, operator.failed]);
  } finally {
    unsubscribe();
    cancel?.();
    clearTimeout(patience);
  }
}

function notConverged(world: CampaignWorld, rows: readonly string[], { log }: RunningOperator): Error {
  const lines = log.slice(-15).map(({ message, fields }) => `${message} ${JSON.stringify(fields)}`);
  return new Error(['did not converge:', ...differences(world, rows), ...lines].join('\n  '));
}
