import type { SshHost } from '../../clients/ssh/ssh.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { masterName } from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { DROPLETS_BY_PROJECT, projectKeyOf, SERVICES_BY_PROJECT, type Hosts } from '../context.ts';
import { hostOf } from '../host/access.ts';
import type { Engine } from '../host/desired.ts';
import { engineFor } from '../host/engine.ts';
import { Waiting } from '../outcome.ts';
import type { Run } from '../run.ts';
import { observeContainers } from './commands.ts';
import type { Context } from './concern.ts';
import { parseContainers, type Container } from './facts.ts';
import { isAssigned, isAvailable, isThere } from './placement-plan.ts';
import type { ServerView } from './rollout-plan.ts';
import { CONTAINERS_SECTION } from './section.ts';

/** How old what is known of a host may be when something is done about it. */
const FRESH_MS = 10_000;

/** A server of the service's project. */
export interface Server extends ServerView {
  object: Droplet;
  /** By the monotonic clock, ms. */
  seenAt?: number | undefined;
}

/** What a service is about to be worked on with. */
export interface Surroundings {
  project: Project | undefined;
  /** The project's services, this one too. */
  services: readonly ServiceDeployment[];
  master: Droplet | undefined;
  engine: Engine;
  servers: readonly Server[];
}

/** What is known of the service's project and of its containers on the project's servers. Asks nobody. */
export function observeService(context: Context, hosts: Hosts, service: ServiceDeployment): Surroundings {
  const key = projectKeyOf(service);
  const project = context.projects.get(key);
  const droplets = context.droplets.byIndex(DROPLETS_BY_PROJECT, key);
  return {
    project,
    services: context.services.byIndex(SERVICES_BY_PROJECT, key),
    master: droplets.find(({ metadata }) => metadata.name === masterName(service.spec.project)),
    engine: engineFor(context, hosts, key),
    servers: droplets.map(object => serverOf(hosts, service, object, project)),
  };
}

function serverOf(
  { probes }: Hosts,
  service: ServiceDeployment,
  object: Droplet,
  project: Project | undefined,
): Server {
  const last = probes.of(CONTAINERS_SECTION).get(object);
  return {
    object,
    droplet: object.metadata.name,
    address: object.status?.server?.privateAddress ?? '',
    isAssigned: isAssigned(service, object, project),
    isAvailable: isAvailable(object),
    isThere: isThere(object),
    containers: last?.facts.filter(container => container.uid === service.metadata.uid),
    seenAt: last?.seenAt,
  };
}

/**
 * Looks at the hosts of which nothing recent is known.
 *
 * @param doubted those that are to be looked at anyway; without those that were, afterwards.
 */
export async function lookAgain(
  context: Context,
  hosts: Hosts,
  { engine, servers }: Surroundings,
  doubted: Set<string>,
  { signal }: Run,
): Promise<void> {
  const now = context.clock.monotonic();
  const stale = servers.filter(
    ({ droplet, isAvailable, seenAt }) =>
      isAvailable && (seenAt === undefined || now - seenAt > FRESH_MS || doubted.has(droplet)),
  );
  await Promise.all(
    stale.map(async server => {
      const seenAt = context.clock.monotonic();
      const { stdout, stderr } = await sshOf(hosts, server).run(observeContainers(engine), { signal });
      const facts = parseContainers(stdout);
      if (facts === undefined)
        throw new Waiting(
          `cannot list containers on ${server.droplet}: ${stderr.trim().slice(-300)}`,
          hosts.timings.retryMs,
        );
      hosts.probes.of(CONTAINERS_SECTION).record(server.object, facts, seenAt);
      doubted.delete(server.droplet);
    }),
  );
}

/** The way to a server that is available. */
export function sshOf(hosts: Hosts, { object, droplet }: Server): SshHost {
  const ssh = hostOf(hosts, object);
  if (ssh === undefined) throw new Waiting(`${droplet} has no address yet`, hosts.timings.retryMs);
  return ssh;
}

/** Takes note of what was just done to a server's containers: whoever planned with them need not ask. */
export function noteContainers(
  { clock }: Context,
  { probes }: Hosts,
  { object }: Server,
  change: (containers: readonly Container[]) => Container[],
): void {
  const results = probes.of(CONTAINERS_SECTION);
  const before = results.get(object)?.facts;
  if (before !== undefined) results.record(object, change(before), clock.monotonic());
}

/** Whether images can be made on it. */
export const isUsableMaster = ({ object, isAvailable }: Server): boolean =>
  object.spec.role === 'master' && isAvailable;
