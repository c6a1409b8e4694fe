import { describeSnapshots } from '../../reconcilers/read-model/snapshot-cost.ts';
import { printResult } from '../output.ts';
import { planTable } from '../show/plan-table.ts';
import { clusterCsvName } from '../world/cluster-csv.ts';
import { desiredCsv, localCsvOf, rowsOrFail, type CsvOptions } from '../world/csv.ts';
import { engineOf } from '../world/engine.ts';
import { planForRows } from '../world/fleet-plan.ts';
import { billOf, listFleetSnapshots } from '../world/snapshot-bill.ts';
import { placeOf } from '../world/place.ts';
import { openWorld } from '../world/open.ts';

/** Shows what orchestrate would do, and changes nothing. */
export async function plan(options: CsvOptions): Promise<void> {
  const world = await openWorld({ ...options, readOnly: true });
  try {
    // What is wrong there stops orchestrate, too.
    await engineOf(options);
    const rows = rowsOrFail(await desiredCsv(options, world));
    const { followed: _followed, ...planned } = await planForRows(world, rows);
    const snapshots = await listFleetSnapshots(world);
    const result = { ...planned, snapshots: billOf(snapshots) };
    const place = placeOf(world);
    const source = rows && (localCsvOf(options, world) ?? clusterCsvName);
    printResult(options, { place, rows: source, ...result }, () => [
      `${place}; rows: ${source ?? 'none, the Projects are applied by hand'}`,
      ...planTable(result, result.heldRows),
      ...(snapshots.length > 0 ? [`Snapshots come to that: ${describeSnapshots(snapshots)}.`] : []),
    ]);
  } finally {
    await world.close();
  }
}
