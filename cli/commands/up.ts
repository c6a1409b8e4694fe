import { describeError } from '../../clients/log/describe-error.ts';
import { configurationFiles, loadConfiguration } from '../../config/load.ts';
import { ConfigurationError, formatProblems } from '../../config/problems.ts';
import { readProjectsCsv } from '../../config/projects-csv.ts';
import { CommandFailure } from '../failure.ts';
import { createLogger } from '../logger.ts';
import { quoteCommand } from '../../clients/ssh/quote.ts';
import { commandLine } from '../options.ts';
import { printLine } from '../output.ts';
import { fleetLine } from '../../reconcilers/read-model/fleet-line.ts';

import { transitionLine } from '../show/monitor-lines.ts';
import { createProgress, type Progress } from '../show/progress.ts';
import { stopSignal } from '../stop.ts';
import type { FleetSummary } from '../../reconcilers/read-model/fleet-summary.ts';
import { convergenceOf } from '../../reconcilers/read-model/convergence.ts';
import { expectCsv, localCsvOf } from '../world/csv.ts';
import type { HostsChoice } from '../world/embedded.ts';
import { announceDaemon, withdrawDaemon } from '../world/daemon-file.ts';
import { createWorldMonitor } from '../world/monitor.ts';
import { engineOf } from '../world/engine.ts';
import { pricesOf, watchFleet, type FleetWatch } from '../world/fleet-watch.ts';
import {
  createMetrics,
  createWorldOperator,
  infrastructurePathOf,
  notificationsOf,
} from '../world/operator.ts';
import { readWorldSettings } from '../world/settings.ts';
import { expectSource, recordSource, type SourceOptions } from '../world/source.ts';
import { openWorld } from '../world/open.ts';
import type { World } from '../world/world.ts';

const DEFAULT_HTTP_PORT = 8080;
/** Another command may be at work in the state directory; one that lasts is reported. */
const PATIENCE_MS = 15_000;
/** How loud what the monitor finds is. An observer that is dead itself abstains, of which its own observers tell. */
const LEVELS = { fails: 'warn', abstains: 'info', well: 'info' } as const;
const PORTS = { standalone: 7443, sandbox: 7480 };

export interface UpOptions extends SourceOptions {
  httpPort?: number;
  /** Milliseconds. */
  bootDelay: number;
  /** The machines of the sandbox. */
  hosts: HostsChoice;
}

/** Runs everything until it is stopped. */
export async function up(options: UpOptions): Promise<void> {
  const signal = stopSignal();
  const startedAt = performance.now();
  await checkConfiguration(options);
  const metrics = createMetrics();
  const progress = options.output === 'json' ? undefined : createProgress(process.stdout, process.stderr);
  const remarks = progress?.log ?? process.stderr;
  const patience = { patienceMs: PATIENCE_MS, remarks, signal };
  const world = await unlessStopped(signal, openWorld({ ...options, ...metrics, ...patience, ports: PORTS }));
  if (world === undefined) return;
  try {
    if (world.daemon !== undefined)
      throw new CommandFailure(
        `dropfleet already runs here (pid ${world.daemon.pid}); see "dropfleet status", or stop it first`,
      );
    await expectRows(world, options);
    await run({ world, progress }, metrics, options, startedAt, signal);
  } finally {
    await world.close();
  }
}

/** Nothing when it failed because it was stopped: nothing had begun. */
async function unlessStopped<T>(signal: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/**
 * projects.csv may be mended while the daemon runs, but one that was never there is a wrong folder; the other
 * files are read once, so they must be right.
 */
async function checkConfiguration(options: UpOptions): Promise<void> {
  const path = localCsvOf(options, readWorldSettings(options));
  if (path !== undefined) await expectCsv(path);
  const { problems, warnings } = await loadConfiguration(options.configDir, {
    env: process.env,
    envFile: '.env',
  });
  if (warnings.length > 0) process.stderr.write(`${formatProblems(warnings)}\n`);
  const { projects } = configurationFiles(options.configDir);
  const others = problems.filter(problem => problem.file !== projects);
  if (others.length > 0) throw new ConfigurationError(formatProblems(others));
  const mistakes = path === undefined ? [] : (await readProjectsCsv(path)).problems;
  if (mistakes.length > 0)
    process.stderr.write(`${formatProblems(mistakes)}\nNothing is changed until this is fixed.\n`);
}

/** A cluster that follows other rows is left alone; this one's are written down. */
async function expectRows(world: World, options: UpOptions): Promise<void> {
  const path = localCsvOf(options, world);
  if (path === undefined) return;
  if (world.hasCluster) await expectSource(world, path, options, 'starts');
  await recordSource(world, path);
}

async function run(
  { world, progress }: { world: World; progress: Progress | undefined },
  metrics: ReturnType<typeof createMetrics>,
  options: UpOptions,
  startedAt: number,
  signal: AbortSignal,
): Promise<void> {
  const log = createLogger(options, 'warn', progress?.log);
  // A wrong token or address is reported before anything begins.
  const prices = pricesOf(await world.cloud.listSizes());
  const failed = new AbortController();
  const listening = Promise.withResolvers<number>();
  const csvPath = localCsvOf(options, world);
  const operator = await createWorldOperator(world, metrics, log, {
    ...(csvPath !== undefined && {
      csvPath,
      deploymentPath: configurationFiles(options.configDir).deployment,
    }),
    infrastructurePath: infrastructurePathOf(options),
    notifications: notificationsOf(options),
    engine: await engineOf(options),
    http: {
      host: '127.0.0.1',
      port: options.httpPort ?? DEFAULT_HTTP_PORT,
      allowNextPort: options.httpPort === undefined,
      registry: metrics.registry,
      onListening: listening.resolve,
    },
  });
  const stop = AbortSignal.any([signal, failed.signal]);
  const monitor = await createWorldMonitor(world, metrics.registry, log, {
    onTransition: transition => log[LEVELS[transition.stance]](transitionLine(transition)),
  });
  const running = operator.run(stop);
  const httpUrl = `http://127.0.0.1:${await Promise.race([listening.promise, running.then(() => 0)])}`;
  const monitoring = monitor
    .run(stop)
    .catch((error: unknown) => log.error('the monitor has ended', { error: describeError(error) }));
  try {
    await introduce(world, httpUrl, options);
    const fleet = await watchFleet(world.kubernetes, () => prices, log, signal);
    follow({ fleet, progress }, world, options, startedAt);
    await running;
  } catch (error) {
    failed.abort(error);
    await running;
    if (!signal.aborted) throw error;
  } finally {
    failed.abort(new Error('the operator has stopped'));
    await monitoring;
    if (!world.hasCluster) await withdrawDaemon(world.folder);
  }
  printLine(options, 'Stopped. Droplets go on as they are; "dropfleet up" resumes.');
}

async function introduce(world: World, httpUrl: string, options: UpOptions): Promise<void> {
  const { connection, kubeconfig, cloudKind, cloudUrl, hasCluster, folder, sshPort, hosts } = world;
  if (kubeconfig !== undefined)
    await announceDaemon(folder, {
      pid: process.pid,
      kubeconfig,
      httpUrl,
      workingDirectory: process.cwd(),
      sshPort,
      ...(cloudKind === 'sandbox' && { sandboxUrl: cloudUrl }),
    });
  const api = hasCluster ? connection.source : 'standalone';
  const cloud = cloudKind === 'sandbox' ? 'sandbox: set DO_TOKEN for real droplets' : 'DigitalOcean';
  printLine(options, `Kubernetes  ${connection.server} (${api})`);
  printLine(options, `Cloud       ${cloudUrl} (${cloud})`);
  if (hosts !== undefined) printLine(options, `Droplets    ${hosts.kind} hosts (${hosts.why})`);
  printLine(options, `Page        ${httpUrl}/`);
  printLine(options, `Metrics     ${httpUrl}/metrics`);
  const csv = localCsvOf(options, world);
  printLine(
    options,
    `Projects    ${csv ?? 'those that are applied by hand; no file is followed without --csv FILE'}`,
  );
  printLine(options, '');
}

/** Shows every change, and once everything is Ready what can be done next. */
function follow(
  { fleet, progress }: { fleet: FleetWatch; progress: Progress | undefined },
  world: World,
  options: UpOptions,
  startedAt: number,
): void {
  let wasReady: boolean | undefined;
  let isFirst = true;
  const print = (line: string): void =>
    progress === undefined ? printLine(options, line) : progress.end(line);
  const check = async (): Promise<void> => {
    const path = localCsvOf(options, world);
    const csv = path === undefined ? undefined : await readProjectsCsv(path);
    const rows = csv?.problems.length === 0 ? csv.rows : undefined;
    const { namespace } = world;
    // Since the file was asked for, the fleet may have changed.
    const [summary, projects, droplets] = [fleet.summary(), fleet.projects(), fleet.droplets()];
    const services = fleet.services();
    progress?.show(summary, services);
    const { state } = convergenceOf({ rows, namespace, projects, droplets, fleet: summary, services });
    const isReady = state === 'converged' && projects.length > 0;
    if (isReady && wasReady !== true) {
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
      print(isFirst ? `${fleetLine(summary)}, ${seconds} s after the start.` : `${fleetLine(summary)}.`);
      if (isFirst) for (const line of whatToTry(world, summary, options)) printLine(options, line);
      isFirst = false;
    }
    wasReady = isReady;
  };
  fleet.onChange(() => void check());
  void check();
}

function whatToTry(world: World, { projects }: FleetSummary, options: UpOptions): string[] {
  const csv = localCsvOf(options, world);
  const config = world.kubeconfig ?? options.kubeconfig;
  const kubectl = quoteCommand(['kubectl', ...(config === undefined ? [] : ['--kubeconfig', config])]);
  const biggest = projects.toSorted((a, b) => b.droplets.length - a.droplets.length)[0];
  const size = biggest?.droplets.length ?? 0;
  return [
    '',
    'Try, in another terminal:',
    `  ${kubectl} get projects,droplets`,
    `  ${commandLine(options, 'status')}`,
    ...(biggest ? [`  ${commandLine(options, 'ssh', biggest.droplets.at(-1)!.name)}`] : []),
    ...(biggest ? [`  ${commandLine(options, 'scale', biggest.name, `${size + 1}`)}`] : []),
    ...(csv === undefined ? [] : [`  edit ${csv} and save it: the change is made at once`]),
    'Ctrl-C stops dropfleet; the droplets stay.',
    '',
  ];
}
