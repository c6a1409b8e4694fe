import { isConflict } from '../../clients/kubernetes/errors.ts';
import { PROJECTS } from '../../clients/kubernetes/kinds.ts';
import { editServers } from '../../config/edit-projects-csv.ts';
import { parseProjectsCsv, readProjectsCsv, type ProjectRow } from '../../config/projects-csv.ts';
import { keyOf } from '../../crds/meta.ts';
import type { Project } from '../../crds/project.ts';
import { isFromCsv } from '../../reconcilers/projects-csv/plan.ts';
import { CommandFailure } from '../failure.ts';
import { printLine } from '../output.ts';
import {
  clusterCsvName,
  editClusterCsv,
  readClusterCsv,
  recordedSource,
  type ClusterCsv,
} from '../world/cluster-csv.ts';
import { confirmLosses } from '../world/confirmations.ts';
import { csvPathOf, rowsOrFail } from '../world/csv.ts';
import { planForRows } from '../world/fleet-plan.ts';
import { expectWorker } from '../world/source.ts';
import { openWorld } from '../world/open.ts';
import type { World } from '../world/world.ts';
import { orchestrateIn, type OrchestrateOptions } from './orchestrate.ts';

interface ScaleOptions extends OrchestrateOptions {
  project: string;
  servers: number;
}

/** The rows that there are, and how one of them is edited. */
interface Rows {
  name: string;
  rows: ProjectRow[];
  edit(project: string, servers: number): Promise<void>;
}

/** Changes a project's number of servers where it is said, in its row or in the Project, and waits until it is so. */
export async function scale(options: ScaleOptions): Promise<void> {
  const world = await openWorld(options);
  try {
    await expectWorker(world, options);
    const rows = await rowsOf(world, options);
    const { items: projects } = await world.kubernetes.list(PROJECTS);
    const row = rows.rows.find(({ project }) => project === options.project);
    const project = findByHand(world, projects, row !== undefined, options);
    if (project !== undefined) await scaleProject(world, project, options);
    else if (row !== undefined) await scaleRow(world, rows, row, options);
    else throw await unknownProject(world, rows, projects, options);
    await orchestrateIn(world, options);
  } finally {
    await world.close();
  }
}

async function rowsOf(world: World, options: ScaleOptions): Promise<Rows> {
  if (!world.hasCluster) {
    const path = csvPathOf(options);
    const rows = rowsOrFail(await readProjectsCsv(path)) ?? [];
    return { name: path, rows, edit: (project, servers) => editServers(path, project, servers) };
  }
  const csv: ClusterCsv | undefined = await readClusterCsv(world);
  if (csv === undefined) return { name: 'the cluster', rows: [], edit: () => Promise.resolve() };
  const rows = rowsOrFail(parseProjectsCsv(csv.text, clusterCsvName)) ?? [];
  return {
    name: clusterCsvName,
    rows,
    edit: (project, servers) => editClusterCsv(world, csv, project, servers),
  };
}

/** A Project that a person applied and that decides for itself: its row, if there is one, has no effect. */
function findByHand(
  { namespace }: World,
  projects: readonly Project[],
  hasRow: boolean,
  { project: name, servers }: ScaleOptions,
): Project | undefined {
  const named = projects.filter(project => project.metadata.name === name && !isFromCsv(project));
  const here = named.find(({ metadata }) => metadata.namespace === namespace);
  if (here !== undefined || hasRow || named.length <= 1) return here ?? (hasRow ? undefined : named[0]);
  const namespaces = named.map(({ metadata }) => metadata.namespace).join(', ');
  throw new CommandFailure(
    `there is a project ${name} in each of the namespaces ${namespaces}: say which with "kubectl -n NAMESPACE scale project ${name} --replicas ${servers}"`,
  );
}

async function scaleProject(world: World, project: Project, options: ScaleOptions): Promise<void> {
  const { servers } = options;
  const key = keyOf(project);
  try {
    // Not by version: the operator writes the status all the time.
    await world.kubernetes.patch(PROJECTS, key, {
      metadata: { uid: project.metadata.uid },
      spec: { servers },
    });
  } catch (error) {
    if (!isConflict(error)) throw error;
    throw new CommandFailure(`the Project ${key} was replaced meanwhile; no changes made: try again`);
  }
  printLine(
    options,
    `Project ${key}, applied by hand: it has ${servers} servers, was ${project.spec.servers}`,
  );
}

async function scaleRow(world: World, rows: Rows, row: ProjectRow, options: ScaleOptions): Promise<void> {
  await confirmInAdvance(world, rows.rows, options);
  await rows.edit(row.project, options.servers);
  printLine(options, `${rows.name}: ${row.project} has ${options.servers} servers, was ${row.servers}`);
}

/** Scaling is its own confirmation, of exactly what it costs: it is given before the row is written. */
async function confirmInAdvance(
  world: World,
  rows: readonly ProjectRow[],
  { project, servers }: ScaleOptions,
): Promise<void> {
  const wanted = rows.map(row => (row.project === project ? { ...row, servers } : row));
  const { losses } = await planForRows(world, wanted);
  const key = `${world.namespace}/${project}`;
  // What else the file would cost is not this command's to confirm.
  if (losses.length > 0 && losses.every(loss => loss.project === key))
    await confirmLosses(world, losses, Date.now());
}

async function unknownProject(
  world: World,
  { name, rows }: Rows,
  projects: readonly Project[],
  options: ScaleOptions,
): Promise<CommandFailure> {
  const named = projects.find(({ metadata }) => metadata.name === options.project);
  const source = world.hasCluster && named !== undefined ? await recordedSource(world) : undefined;
  if (source !== undefined)
    return new CommandFailure(
      `the row of ${options.project} is in ${source}: change its number of servers there, and the operator that follows that file does the rest`,
    );
  const others = projects.filter(project => !isFromCsv(project)).map(({ metadata }) => metadata.name);
  const known = [...new Set([...rows.map(({ project }) => project), ...others])];
  return new CommandFailure(
    `${name} has no project ${options.project}; it has ${known.join(', ') || 'none'}`,
  );
}
