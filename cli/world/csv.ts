import { access } from 'node:fs/promises';
import { configurationFiles } from '../../config/load.ts';
import { ConfigurationError, formatProblems } from '../../config/problems.ts';
import {
  parseProjectsCsv,
  readProjectsCsv,
  type ProjectRow,
  type ProjectsCsv,
} from '../../config/projects-csv.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../options.ts';
import { clusterCsvName, readClusterCsv } from './cluster-csv.ts';
import type { World } from './world.ts';

/** What a command takes that may be told of a projects.csv by name. */
export interface CsvOptions extends GlobalOptions {
  csv?: string;
}

/** The path of projects.csv: the one that was named, else that of the configuration folder. */
export const csvPathOf = ({ csv, configDir }: CsvOptions): string =>
  csv ?? configurationFiles(configDir).projects;

/**
 * The file on this machine that a command goes by. With a cluster there is none unless it was named: the rows belong
 * to the cluster, and a clone on somebody's laptop says nothing about it.
 */
export const localCsvOf = (
  options: CsvOptions,
  { hasCluster }: Pick<World, 'hasCluster'>,
): string | undefined => (hasCluster && options.csv === undefined ? undefined : csvPathOf(options));

/** What projects.csv says, this machine's or the cluster's; undefined where Projects are applied by hand alone. */
export async function desiredCsv(
  options: CsvOptions,
  world: Pick<World, 'hasCluster' | 'kubernetes' | 'namespace'>,
): Promise<ProjectsCsv | undefined> {
  const path = localCsvOf(options, world);
  if (path !== undefined) return await readProjectsCsv(path);
  const csv = await readClusterCsv(world);
  return csv && parseProjectsCsv(csv.text, clusterCsvName);
}

/** The rows, or a failure that lists every mistake. */
export function rowsOrFail(csv: ProjectsCsv | undefined): ProjectRow[] | undefined {
  if (csv !== undefined && csv.problems.length > 0)
    throw new ConfigurationError(`no changes made:\n${formatProblems(csv.problems)}`);
  return csv?.rows;
}

/** Fails when that file is not there at all: the command was started in another folder, or too early. */
export async function expectCsv(path: string): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  throw new CommandFailure(
    `there is no ${path}: "dropfleet init" writes a sample, and --config-dir names another folder`,
  );
}
