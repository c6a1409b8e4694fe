import { access } from 'node:fs/promises';
import { configurationFiles } from '../../config/load.ts';
import { ConfigurationError, formatProblems } from '../../config/problems.ts';
import { readProjectsCsv, type ProjectRow, type ProjectsCsv } from '../../config/projects-csv.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../options.ts';
import type { World } from './world.ts';

/** The path of projects.csv. */
export const csvPathOf = ({ configDir }: GlobalOptions): string => configurationFiles(configDir).projects;

/** What projects.csv says; undefined with a cluster and no such file: then Projects are applied by hand. */
export async function readableCsv(
  options: GlobalOptions,
  { hasCluster }: Pick<World, 'hasCluster'>,
): Promise<ProjectsCsv | undefined> {
  if (hasCluster && !(await isCsvThere(options))) return undefined;
  return await readProjectsCsv(csvPathOf(options));
}

/** The rows, or a failure that lists every mistake. */
export function rowsOrFail(csv: ProjectsCsv | undefined): ProjectRow[] | undefined {
  if (csv !== undefined && csv.problems.length > 0)
    throw new ConfigurationError(`nothing was changed:\n${formatProblems(csv.problems)}`);
  return csv?.rows;
}

/** Fails when there is no projects.csv at all: the command was started in another folder, or too early. */
export async function expectCsv(options: GlobalOptions): Promise<void> {
  if (await isCsvThere(options)) return;
  throw new CommandFailure(
    `there is no ${csvPathOf(options)}: "dropfleet init" writes a sample, and --config-dir names another folder`,
  );
}

/** Whether there is a projects.csv, right or wrong. */
export const isCsvThere = (options: GlobalOptions): Promise<boolean> =>
  access(csvPathOf(options)).then(
    () => true,
    () => false,
  );
