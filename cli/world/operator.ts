import { randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { systemClock } from '../../clients/clock.ts';
import { DROPLETS, PROJECTS, SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import { createGit } from '../../clients/git/git.ts';
import { createSshPool } from '../../clients/ssh/pool.ts';
import type { Logger } from '../../clients/log.ts';
import { configurationFiles } from '../../config/load.ts';
import { registerCloudMetrics } from '../../controllers/cloud-metrics.ts';
import type { NotificationSettings } from '../../controllers/notify.ts';
import { createOperator, type OperatorOptions } from '../../controllers/operator.ts';
import { createRuntimeMetrics } from '../../controllers/runtime/metrics.ts';
import { FLEET_LABEL } from '../../crds/names.ts';
import { createBuilder } from '../../reconcilers/build/build.ts';
import { createImages } from '../../reconcilers/service/image-supply.ts';
import { writeInfrastructureFile } from '../../reconcilers/infrastructure-file/reconcile.ts';
import type { GlobalOptions } from '../options.ts';
import { adminSettingsOf } from './admin-access.ts';
import { localCsvOf, type CsvOptions } from './csv.ts';
import { engineOf } from './engine.ts';
import { LEADER_LEASE } from './leader.ts';
import { findOperatorAddress } from './operator-address.ts';
import { deadHoldersOf, EMBEDDED, isEmbedded } from './running-operator.ts';
import { identityOf, rememberFleet } from './identity.ts';
import { secretVariablesOf } from './secret-variables.ts';
import { TRANSPORTS } from './transports.ts';
import { sshKeyOf } from './world-keys.ts';
import type { Observers, World } from './world.ts';

/** The sandbox boots in seconds and costs nothing: there is no reason to be patient with it. */
const SANDBOX_POLLS = { movingMs: 1_000, firstPollMs: 1_000, idleMs: 60_000 };

/** The metrics of one process, and what feeds those that the clients know about. */
export interface Metrics extends Required<Observers> {
  registry: Registry;
  runtime: ReturnType<typeof createRuntimeMetrics>;
}

/** Metrics that nothing was counted in yet. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const runtime = createRuntimeMetrics(registry);
  return {
    registry,
    runtime,
    onKubernetesRequest: record => runtime.requestEnded(record),
    onCloudRequest: registerCloudMetrics(registry),
  };
}

/** What the commands choose about an operator; the rest follows from the world. */
export type OperatorChoices = Pick<
  OperatorOptions,
  'csvPath' | 'deploymentPath' | 'infrastructurePath' | 'notifications' | 'http' | 'engine'
>;

/** How an operator tells people what the files of that folder say; one that only helps a command tells nobody. */
export const notificationsOf = ({ configDir }: GlobalOptions): NotificationSettings => ({
  files: configurationFiles(configDir),
  transports: TRANSPORTS,
});

/** An operator for that world. */
export async function createWorldOperator(
  world: World,
  metrics: Metrics,
  log: Logger,
  choices: OperatorChoices,
): Promise<ReturnType<typeof createOperator>> {
  const { kubernetes, cloud, cloudKind, namespace } = world;
  const known = await identityOf(world);
  const { publicKey, privateKey } = await sshKeyOf(world);
  await rememberFleet(world, known);
  const ssh = createSshPool({ clock: systemClock, random: Math.random });
  const operator = createOperator({
    kubernetes,
    cloud,
    clock: systemClock,
    random: Math.random,
    log,
    registry: metrics.registry,
    metrics: metrics.runtime,
    fleetId: known.fleet,
    apiId: known.api,
    ...(known.machine !== undefined && { machine: known.machine }),
    namespace,
    sshPublicKey: publicKey,
    hosts: { ssh, privateKey, sshPort: world.sshPort },
    images: createImages({
      builder: createBuilder(systemClock),
      git: createGit({ folder: join(world.folder, 'git'), env: process.env }),
    }),
    newNonce: () => randomBytes(12).toString('hex'),
    newReconcileId: () => randomUUID().slice(0, 8),
    secretVariables: secretVariablesOf(world),
    ...(world.settings.pageToken && { pageToken: world.settings.pageToken }),
    ...choices,
    firewalls: { ...adminSettingsOf(world), operatorAddress: signal => findOperatorAddress(world, signal) },
    ...(cloudKind === 'sandbox' && { pollIntervals: SANDBOX_POLLS }),
    leaderElection: {
      client: kubernetes,
      namespace,
      name: LEADER_LEASE,
      labels: { [FLEET_LABEL]: known.fleet },
      identity: newIdentity(world),
      random: Math.random,
      isKnownDead: deadHoldersOf(world),
    },
  });
  return { run: signal => operator.run(signal).finally(() => ssh.close()) };
}

/** Names the machine and the process to people; the rest makes it this process's own. */
const newIdentity = (world: World): string =>
  `${isEmbedded(world) ? EMBEDDED : ''}${hostname()}_${process.pid}_${randomBytes(4).toString('hex')}`;

/** An operator that runs beside a command. */
export interface RunningOperator {
  /** Never resolves; rejects when the operator ends by itself. */
  failed: Promise<never>;
  stop(): Promise<void>;
}

/** Runs an operator for as long as a command needs it. */
export async function startOperator(
  world: World,
  options: CsvOptions,
  log: Logger,
): Promise<RunningOperator> {
  const stop = new AbortController();
  const csvPath = localCsvOf(options, world);
  // Rows that nobody named are no reason to converge a cluster from this machine.
  if (csvPath === undefined) throw new Error('an operator beside a command needs a projects.csv');
  const files = {
    csvPath,
    deploymentPath: configurationFiles(options.configDir).deployment,
    infrastructurePath: infrastructurePathOf(options),
  };
  const choices = { ...files, engine: await engineOf(options) };
  const operator = await createWorldOperator(world, createMetrics(), log, choices);
  const running = operator.run(stop.signal);
  const failed = new Promise<never>((_, reject) => void running.catch(reject));
  // Whoever races against it hears of it; afterwards it is no news.
  failed.catch(() => undefined);
  return {
    failed,
    async stop() {
      stop.abort(new Error('the command has ended'));
      await running.catch(() => undefined);
    },
  };
}

/** Makes infrastructure.json say how everything is now: an operator that has just stopped may be a step behind. */
export async function bringInfrastructureUpToDate(
  { kubernetes }: World,
  options: GlobalOptions,
): Promise<void> {
  const [projects, droplets, services] = await Promise.all([
    kubernetes.list(PROJECTS),
    kubernetes.list(DROPLETS),
    kubernetes.list(SERVICE_DEPLOYMENTS),
  ]);
  await writeInfrastructureFile(infrastructurePathOf(options), {
    projects: projects.items,
    droplets: droplets.items,
    services: services.items,
  });
}

/** Where infrastructure.json is written. */
export const infrastructurePathOf = ({ configDir }: GlobalOptions): string =>
  configurationFiles(configDir).infrastructure;
