import { printResult } from '../output.ts';
import { planTable } from '../show/plan-table.ts';
import { clusterCsvName } from '../world/cluster-csv.ts';
import { desiredCsv, localCsvOf, rowsOrFail, type CsvOptions } from '../world/csv.ts';
import { engineOf } from '../world/engine.ts';
import { planForRows } from '../world/fleet-plan.ts';
import { placeOf } from '../world/place.ts';
import { openWorld } from '../world/open.ts';

/** Shows what orchestrate would do, and changes nothing. */
export async function plan(options: CsvOptions): Promise<void> {
  const world = await openWorld({ ...options, readOnly: true });
  try {
    // What is wrong there stops orchestrate, too.
    await engineOf(options);
    const rows = rowsOrFail(await desiredCsv(options, world));
    const { followed: _followed, ...result } = await planForRows(world, rows);
    const place = placeOf(world);
    const source = rows && (localCsvOf(options, world) ?? clusterCsvName);
    printResult(options, { place, rows: source, ...result }, () => [
      `${place}; rows: ${source ?? 'none, the Projects are applied by hand'}`,
      ...planTable(result, result.heldRows),
    ]);
  } finally {
    await world.close();
  }
}
