import { editServers } from '../../config/edit-projects-csv.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../options.ts';
import { say } from '../output.ts';
import { confirmLosses } from '../world/confirmations.ts';
import { csvPathOf, readableCsv, rowsOrFail } from '../world/csv.ts';
import { planForRows } from '../world/fleet-plan.ts';
import { openWorld, type World } from '../world/world.ts';
import { orchestrateIn, type OrchestrateOptions } from './orchestrate.ts';

/** Writes a project's number of servers to projects.csv and waits until it is so. */
export async function scale(
  options: OrchestrateOptions & { project: string; servers: number },
): Promise<void> {
  const world = await openWorld(options);
  try {
    const rows = rowsOrFail(await readableCsv(options, world)) ?? [];
    const row = rows.find(({ project }) => project === options.project);
    if (row === undefined)
      throw unknownProject(
        options,
        rows.map(({ project }) => project),
      );
    await confirmInAdvance(world, rows, options);
    await editServers(csvPathOf(options), options.project, options.servers);
    say(
      options,
      `${csvPathOf(options)}: ${options.project} has ${options.servers} servers, was ${row.servers}`,
    );
    await orchestrateIn(world, options);
  } finally {
    await world.close();
  }
}

/** Scaling is its own confirmation, of exactly what it costs: it is given before the row is written. */
async function confirmInAdvance(
  world: World,
  rows: Parameters<typeof planForRows>[1],
  { project, servers }: { project: string; servers: number },
): Promise<void> {
  const wanted = rows.map(row => (row.project === project ? { ...row, servers } : row));
  const { losses } = await planForRows(world, wanted);
  const key = `${world.namespace}/${project}`;
  // What else the file would cost is not this command's to confirm.
  if (losses.length > 0 && losses.every(loss => loss.project === key))
    await confirmLosses(world, losses, Date.now());
}

function unknownProject(options: GlobalOptions & { project: string }, known: string[]): CommandFailure {
  return new CommandFailure(
    `${csvPathOf(options)} has no project ${options.project}; it has ${known.join(', ') || 'none'}`,
  );
}
