import { systemClock } from '../../clients/clock.ts';
import { printable } from '../../clients/log/printable.ts';
import { isSshError } from '../../clients/ssh/errors.ts';
import { createSshPool } from '../../clients/ssh/pool.ts';
import { quoteCommand } from '../../clients/ssh/quote.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { Engine } from '../../reconcilers/host/desired.ts';
import { engineAskedBy } from '../../reconcilers/host/engine.ts';
import { execIn } from '../../reconcilers/service/commands.ts';
import type { Container } from '../../reconcilers/service/facts.ts';
import { chooseForExec } from '../../reconcilers/service/log-plan.ts';
import { CommandFailure } from '../failure.ts';
import { isInteractive } from '../ask.ts';
import { commandLine, type GlobalOptions } from '../options.ts';
import { engineOf } from '../world/engine.ts';
import { findEnvironment, serviceCalled } from '../world/find-services.ts';
import { openParts, sshPortOf } from '../world/open.ts';
import {
  containersOn,
  hostBy,
  serverCalled,
  serversOf,
  shortName,
  type Way,
} from '../world/service-hosts.ts';
import { accessTo, runSshSession, type SshSession } from '../world/ssh-session.ts';
import { presentSshKeyOf } from '../world/world-keys.ts';

export interface ExecOptions extends GlobalOptions {
  project: string;
  environment: string;
  service: string;
  /** One of the project's droplets; the first that is well when absent. */
  droplet?: string;
  /** A shell when empty. */
  command: readonly string[];
}

/** Runs a program in a container that runs, with a terminal where this has one, and ends as it ends. */
export async function exec(options: ExecOptions): Promise<void> {
  const parts = await openParts({ ...options, readOnly: true, withoutCloud: true });
  try {
    const world = { ...parts, ...(await parts.openKubernetes()) };
    const found = await findEnvironment(world, options);
    const service = serviceCalled(options.service, options, found.services);
    const { droplet, command } = options;
    const servers =
      droplet === undefined
        ? serversOf(service, found.droplets, found.project)
        : [serverCalled(droplet, found.droplets)];
    const engine = engineAskedBy(found.all) ?? (await engineOf(options));
    const key = await presentSshKeyOf(world);
    const place = await findContainer(servers, { service, engine, port: sshPortOf(world), key }, options);
    const hasTerminal = isInteractive();
    const argv = execIn(engine, place.container.name, command.length > 0 ? command : ['sh'], hasTerminal);
    process.exitCode = await runSshSession({
      access: place.access,
      hostKey: place.hostKey,
      folder: parts.folder,
      words: [quoteCommand(argv)],
      hasTerminal,
    });
  } finally {
    await parts.close();
  }
}

type Place = Pick<SshSession, 'access' | 'hostKey'> & { container: Container };

interface Sought extends Omit<Way, 'ssh'> {
  service: ServiceDeployment;
  engine: Engine;
}

/** The container of the first server that has one; says which servers could not be asked. */
async function findContainer(
  servers: readonly Droplet[],
  { service, engine, port, key }: Sought,
  options: ExecOptions,
): Promise<Place> {
  const ssh = createSshPool({ clock: systemClock, random: Math.random });
  try {
    for (const server of servers) {
      try {
        const host = hostBy({ ssh, port, key }, server);
        const containers = await containersOn(host, engine, service, new AbortController().signal);
        const container = chooseForExec(containers, service.status?.release);
        if (container !== undefined)
          return { container, access: accessTo(server, port, key), hostKey: await host.hostKey() };
      } catch (error) {
        if (!isSshError(error) && !(error instanceof CommandFailure)) throw error;
        process.stderr.write(`${shortName(server)}: ${printable(error.message)}\n`);
      }
    }
  } finally {
    ssh.close();
  }
  throw nothingRuns(servers, service, options);
}

function nothingRuns(
  servers: readonly Droplet[],
  { spec, metadata }: ServiceDeployment,
  options: ExecOptions,
): CommandFailure {
  const { project, environment } = options;
  if (spec.stopped) {
    const start = commandLine(options, 'start', project, environment, spec.service);
    return new CommandFailure(`${metadata.name} is stopped: "${start}" starts it`);
  }
  const where = servers.map(shortName).join(', ') || 'any server';
  const show = commandLine(options, 'services', project, environment);
  return new CommandFailure(
    `no container of ${metadata.name} runs on ${where}; "${show}" says how it is, and "${commandLine(options, 'logs', project, environment, spec.service)}" what it wrote`,
  );
}
