import { systemClock } from '../../clients/clock.ts';
import { printable } from '../../clients/log/printable.ts';
import { isSshError } from '../../clients/ssh/errors.ts';
import { createSshPool } from '../../clients/ssh/pool.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { Engine } from '../../reconcilers/host/desired.ts';
import { engineAskedBy } from '../../reconcilers/host/engine.ts';
import type { Container } from '../../reconcilers/service/facts.ts';
import { chooseForLogs, type LogChoice } from '../../reconcilers/service/log-plan.ts';
import { CommandFailure } from '../failure.ts';
import { commandLine, type GlobalOptions } from '../options.ts';
import { lastOf, mergeByTime, type LogCursor, type LogLine } from '../show/log-lines.ts';
import { createLogPrinter, type LogPrinter } from '../show/log-printer.ts';
import { stopSignal } from '../stop.ts';
import { engineOf } from '../world/engine.ts';
import { findEnvironment, serviceCalled, type EnvironmentServices } from '../world/find-services.ts';
import { followLogs, logKey } from '../world/follow-logs.ts';
import { openParts, sshPortOf } from '../world/open.ts';
import { readLog } from '../world/read-logs.ts';
import {
  containersOn,
  hostBy,
  serverCalled,
  serversOf,
  shortName,
  type Way,
} from '../world/service-hosts.ts';
import type { KubernetesWorld } from '../world/world.ts';
import { presentSshKeyOf } from '../world/world-keys.ts';

export interface LogsOptions extends GlobalOptions {
  project: string;
  environment: string;
  service: string;
  follow?: true;
  /** As engines take it. */
  since?: string;
  /** Lines, of all servers together. */
  tail?: number;
  timestamps?: true;
  /** Only what the release left that was rejected. */
  rejected?: true;
  /** One of the project's droplets; all when absent. */
  droplet?: string;
}

/** Shows what a service's containers wrote, on all of its servers, as one. Changes nothing. */
export async function logs(options: LogsOptions): Promise<void> {
  if (options.follow && options.rejected)
    throw new CommandFailure('what was rejected has ended: --rejected goes without --follow', 2);
  const signal = stopSignal();
  const parts = await openParts({ ...options, readOnly: true, withoutCloud: true });
  const ssh = createSshPool({ clock: systemClock, random: Math.random });
  try {
    const world = { ...parts, ...(await parts.openKubernetes()) };
    const way = { ssh, port: sshPortOf(world), key: await presentSshKeyOf(world) };
    const scene = await openScene(options, world, way, signal);
    await showLogs(scene);
  } catch (error) {
    // Its reader has gone, or a person has seen enough.
    if (!signal.aborted) throw error;
  } finally {
    ssh.close();
    await parts.close();
  }
}

/** What a service's logs are read in. */
interface Scene {
  options: LogsOptions;
  world: KubernetesWorld;
  way: Way;
  service: ServiceDeployment;
  engine: Engine;
  /** By short name. */
  servers: Map<string, Droplet>;
  /** How far each log was read. */
  cursors: Map<string, LogCursor>;
  printer: LogPrinter;
  signal: AbortSignal;
}

async function openScene(
  options: LogsOptions,
  world: KubernetesWorld,
  way: Way,
  signal: AbortSignal,
): Promise<Scene> {
  const found = await findEnvironment(world, options);
  const service = serviceCalled(options.service, options, found.services);
  const servers = serversIn(options, service, found);
  return {
    options,
    world,
    way,
    service,
    servers,
    engine: engineAskedBy(found.all) ?? (await engineOf(options)),
    cursors: new Map(),
    printer: createLogPrinter(options, [...servers.keys()], signal),
    signal,
  };
}

function serversIn(
  { droplet }: LogsOptions,
  service: ServiceDeployment,
  { droplets, project }: EnvironmentServices,
): Map<string, Droplet> {
  const servers =
    droplet === undefined ? serversOf(service, droplets, project) : [serverCalled(droplet, droplets)];
  if (servers.length === 0)
    throw new CommandFailure(`${service.metadata.name} has no server yet: "dropfleet status" shows them`);
  return new Map(servers.map(server => [shortName(server), server]));
}

async function showLogs(scene: Scene): Promise<void> {
  const { options, printer } = scene;
  const placed = await lookEverywhere(scene);
  const choice = choose(scene, placed);
  const shown = placed.filter(({ container }) => choice.containers.includes(container));
  const merged = mergeByTime(shown.map(each => past(scene, each)));
  const lines = options.tail === undefined ? merged : lastOf(merged, options.tail);
  for await (const { server, container, ...line } of lines) await printer.print(server, container, line);
  if (options.follow) await follow(scene);
}

/** A container and the short name of its server. */
interface Placed {
  server: string;
  container: Container;
}

/** The service's containers, wherever it can be asked; fails where nobody can. */
async function lookEverywhere(scene: Scene): Promise<Placed[]> {
  const names = [...scene.servers.keys()];
  const looks = await Promise.all(
    names.map(async server => {
      try {
        return (await look(scene, server, scene.signal)).map(container => ({ server, container }));
      } catch (error) {
        complain(scene, server, error);
        return undefined;
      }
    }),
  );
  if (looks.every(found => found === undefined) && !scene.options.follow)
    throw new CommandFailure('no logs: none of its servers could be asked');
  return looks.flatMap(found => found ?? []);
}

async function look(
  { way, engine, service, servers }: Scene,
  server: string,
  signal: AbortSignal,
): Promise<readonly Container[]> {
  return await containersOn(hostBy(way, servers.get(server)!), engine, service, signal);
}

/** Says what could not be read; the exit code will say so too. */
function complain({ signal }: Scene, server: string, error: unknown): void {
  if (signal.aborted || !(isSshError(error) || error instanceof CommandFailure)) throw error;
  process.stderr.write(`${server}: ${printable(error.message)}\n`);
  process.exitCode = 1;
}

/** Whose logs; says so where they are not those of what runs. */
function choose(scene: Scene, placed: readonly Placed[]): LogChoice {
  const { service, options, printer } = scene;
  const rejected = service.status?.rejected;
  const containers = placed.map(({ container }) => container);
  const choice = chooseForLogs(containers, rejected?.release, options.rejected ?? false);
  const name = `${options.service} in ${options.environment} of ${options.project}`;
  if (choice.containers.length === 0) {
    if (!options.follow) throw nothingOf(scene, name);
    printer.tell(`nothing of ${name} runs yet: waiting for it`);
  } else if (choice.which === 'rejected') {
    const version = rejected?.version ?? 'the release';
    printer.tell(
      `${options.rejected ? '' : `nothing of ${name} runs; `}these are the logs of ${version}, which was rejected (${rejected?.reason})`,
    );
  } else if (choice.which === 'stopped')
    printer.tell(`nothing of ${name} runs; these are the logs of what has ended`);
  return choice;
}

function nothingOf({ service, options }: Scene, name: string): CommandFailure {
  const { project, environment, droplet } = options;
  const where = droplet === undefined ? '' : ` on ${droplet}`;
  if (options.rejected)
    return new CommandFailure(`no release of ${name} was rejected and left a container${where}`);
  if (service.spec.stopped) {
    const start = commandLine(options, 'start', project, environment, options.service);
    return new CommandFailure(`no logs: ${name} is stopped, and its containers are removed: "${start}"`);
  }
  const show = commandLine(options, 'services', project, environment);
  return new CommandFailure(`no logs: ${name} has no container${where}; "${show}" says how it is`);
}

/** What a container has written so far; where that cannot be read, only what could be. */
async function* past(scene: Scene, placed: Placed): AsyncGenerator<LogLine & Placed, void> {
  const { options, signal } = scene;
  // One line at least, to know from where on to follow.
  const range = {
    since: options.since,
    ...(options.tail !== undefined && { tail: Math.max(1, options.tail) }),
  };
  const cursor = { from: undefined, onCursor: cursorSetter(scene, placed) };
  try {
    for await (const line of read(scene, placed, range, cursor, signal)) yield { ...line, ...placed };
  } catch (error) {
    complain(scene, placed.server, error);
  }
}

const cursorSetter =
  ({ cursors }: Scene, { server, container }: Placed) =>
  (cursor: LogCursor): void =>
    void cursors.set(logKey(server, container), cursor);

function read(
  { way, engine, servers }: Scene,
  { server, container }: Placed,
  range: Parameters<typeof readLog>[1]['range'],
  cursor: Pick<Parameters<typeof readLog>[1], 'from' | 'onCursor'>,
  signal: AbortSignal,
): AsyncGenerator<LogLine, void> {
  const host = hostBy(way, servers.get(server)!);
  return readLog({ host, engine, container: container.name }, { ...cursor, range, signal });
}

async function follow(scene: Scene): Promise<void> {
  const { options, printer, cursors, signal } = scene;
  const range = { follow: true, since: options.since };
  await followLogs({
    servers: () => currentServers(scene),
    running: async (server, until) => {
      const containers = await look(scene, server, until);
      return containers.filter(({ state }) => state === 'running' || state === 'restarting');
    },
    read: (server, container, cursor, until) => read(scene, { server, container }, range, cursor, until),
    cursors,
    write: (server, container, line) => printer.print(server, container, line),
    tell: line => printer.tell(line),
    clock: systemClock,
    signal,
  });
}

/** Servers come and go; while Kubernetes cannot be asked, they are as they were. */
async function currentServers(scene: Scene): Promise<readonly string[]> {
  try {
    const found = await findEnvironment(scene.world, scene.options);
    scene.service = serviceCalled(scene.options.service, scene.options, found.services);
    for (const [name, droplet] of serversIn(scene.options, scene.service, found))
      scene.servers.set(name, droplet);
    return [...serversIn(scene.options, scene.service, found).keys()];
  } catch {
    return [...scene.servers.keys()];
  }
}
