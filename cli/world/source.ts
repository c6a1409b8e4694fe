import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { writeFleetRecord } from '../../reconcilers/fleet-record/fleet-record.ts';
import { CommandFailure } from '../failure.ts';
import { CONFIG_MAP_SOURCE, readClusterCsv, recordedSource } from './cluster-csv.ts';
import { localCsvOf, type CsvOptions } from './csv.ts';
import { isOperatorRunning } from './running-operator.ts';
import type { KubernetesWorld, World } from './world.ts';

/** What a command takes that may say where a fleet's rows come from, from now on. */
export interface SourceOptions extends CsvOptions {
  takeOver?: true;
}

/** Where deploy/deployment.yaml mounts the ConfigMap. */
const CONFIG_MAP_FOLDER = '/etc/dropfleet/';

/** The file as the fleet record names it: another machine may have one of the same path. */
export function sourceOf(path: string): string {
  const full = resolve(path);
  return full.startsWith(CONFIG_MAP_FOLDER) ? CONFIG_MAP_SOURCE : `${hostname()}:${full}`;
}

/**
 * Fails, before anything is changed, when what the command asks for would be done by nobody, or against somebody: in
 * a cluster without an operator, or by one that follows other rows.
 */
export async function expectWorker(world: KubernetesWorld, options: SourceOptions): Promise<void> {
  const path = localCsvOf(options, world);
  const isRunning = await isOperatorRunning(world);
  if (path === undefined && !isRunning)
    throw new CommandFailure(
      `no changes made. ${nobodyLeads(world)} To converge the cluster from this machine on purpose, by the rows of a file of yours, give "dropfleet orchestrate --csv FILE".`,
    );
  if (path === undefined) return;
  if (world.hasCluster) await expectSource(world, path, options, isRunning ? 'follows' : 'starts');
  else if (isRunning) await expectDaemonFollows(world, path);
}

/**
 * Fails when a cluster's rows come from elsewhere. Whoever only waits for an operator that leads needs one that
 * `follows` that very file; whoever `starts` one may take over from one that does not lead any more.
 */
export async function expectSource(
  world: KubernetesWorld,
  path: string,
  { takeOver }: SourceOptions,
  intent: 'follows' | 'starts',
): Promise<void> {
  const source = sourceOf(path);
  const recorded = (await recordedSource(world)) ?? ((await readClusterCsv(world)) && CONFIG_MAP_SOURCE);
  if (recorded === source) return;
  const isFree = recorded === undefined && intent === 'starts';
  if (isFree) return;
  if (intent === 'follows' || (await isOperatorRunning(world)))
    throw new CommandFailure(
      `no changes made: an operator leads this cluster, and ${recorded === undefined ? 'follows no file' : `its rows come from ${recorded}`}, not from ${source}. Leave --csv away to go by what it follows, or stop it first`,
    );
  if (!takeOver)
    throw new CommandFailure(
      `no changes made: the rows of this cluster come from ${recorded}, not from ${source}. Change them there, or give --take-over to have the cluster follow ${path} from now on`,
    );
}

/** Writes down where the fleet's rows come from. */
export async function recordSource(world: World, path: string): Promise<void> {
  const source = sourceOf(path);
  if ((await recordedSource(world)) === source) return;
  await writeFleetRecord(world.kubernetes, world.namespace, { source });
}

/** The file that the daemon of this state directory follows, where one runs. */
export async function daemonCsv(world: KubernetesWorld): Promise<string | undefined> {
  if (world.daemon === undefined) return undefined;
  const recorded = await recordedSource(world);
  return recorded?.slice(recorded.indexOf(':') + 1);
}

/** A daemon that follows another file would never do what is asked for here. */
async function expectDaemonFollows(world: KubernetesWorld, path: string): Promise<void> {
  const followed = await daemonCsv(world);
  if (followed === undefined || followed === resolve(path)) return;
  throw new CommandFailure(
    `no changes made: the dropfleet that runs here (pid ${world.daemon?.pid}) follows ${followed}, not ${resolve(path)}: go by that one (--csv or --config-dir), or stop it first`,
  );
}

/** What to do about a cluster in which no operator leads. */
export const nobodyLeads = ({ namespace }: Pick<World, 'namespace'>): string =>
  `No operator is running in this cluster: check its pod with "kubectl -n ${namespace} get pods" and "kubectl -n ${namespace} logs deployment/dropfleet" where deploy/ was applied.`;

/** Fails when no operator runs that would do what is about to be asked of it. */
export async function expectOperator(world: KubernetesWorld): Promise<void> {
  if (await isOperatorRunning(world)) return;
  const why = world.hasCluster
    ? nobodyLeads(world)
    : 'Nothing is running here that would do it: start "dropfleet up", and run this again beside it.';
  throw new CommandFailure(`no changes made. ${why}`);
}
