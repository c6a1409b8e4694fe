import { editServers } from '../../config/edit-projects-csv.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../options.ts';
import { say } from '../output.ts';
import { confirm } from '../world/converge.ts';
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

/** Scaling is its own confirmation: what the new row would be held back for is allowed before it is written. */
async function confirmInAdvance(
  world: World,
  rows: Parameters<typeof planForRows>[1],
  { project, servers }: { project: string; servers: number },
): Promise<void> {
  const wanted = rows.map(row => (row.project === project ? { ...row, servers } : row));
  const { brake } = await planForRows(world, wanted);
  const concernsOthers = brake?.projects.some(name => name !== project);
  if (brake !== undefined && !concernsOthers) await confirm(world, brake);
}

function unknownProject(options: GlobalOptions & { project: string }, known: string[]): CommandFailure {
  return new CommandFailure(
    `${csvPathOf(options)} has no project ${options.project}; it has ${known.join(', ') || 'none'}`,
  );
}
