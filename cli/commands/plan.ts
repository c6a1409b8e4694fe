import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { planTable } from '../show/plan-table.ts';
import { readableCsv, rowsOrFail } from '../world/csv.ts';
import { engineOf } from '../world/engine.ts';
import { planForRows } from '../world/fleet-plan.ts';
import { openWorld } from '../world/world.ts';

/** Shows what orchestrate would do, and changes nothing. */
export async function plan(options: GlobalOptions): Promise<void> {
  const world = await openWorld(options);
  try {
    // What is wrong there stops orchestrate, too.
    await engineOf(options);
    const rows = rowsOrFail(await readableCsv(options, world));
    if (rows === undefined)
      throw new CommandFailure('there is no projects.csv to plan from; "dropfleet init" writes one');
    const result = await planForRows(world, rows);
    printResult(options, result, () => planTable(result));
  } finally {
    await world.close();
  }
}
