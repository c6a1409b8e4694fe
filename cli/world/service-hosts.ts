import { didYouMean } from '../../config/near-match.ts';
import type { SshHost, SshPool } from '../../clients/ssh/ssh.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Project } from '../../crds/project.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { accessOf } from '../../reconcilers/host/access.ts';
import type { Engine } from '../../reconcilers/host/desired.ts';
import { compareNames } from '../../reconcilers/read-model/by-name.ts';
import { dropletsCalled } from '../../reconcilers/read-model/find-droplet.ts';
import { observeContainers } from '../../reconcilers/service/commands.ts';
import { parseContainers, type Container } from '../../reconcilers/service/facts.ts';
import { isAssigned, isAvailable } from '../../reconcilers/service/placement-plan.ts';
import type { FleetKey } from '../../reconcilers/ssh-key/key-ring.ts';
import { CommandFailure } from '../failure.ts';

/** The servers on which a service may have containers: where it is to run, and where it still answers. */
export function serversOf(
  service: ServiceDeployment,
  droplets: readonly Droplet[],
  project: Project | undefined,
): Droplet[] {
  const answering = new Set((service.status?.endpoints ?? []).map(({ droplet }) => droplet));
  return droplets
    .filter(one => answering.has(one.metadata.name) || isAssigned(service, one, project))
    .toSorted(
      (a, b) => rank(a, answering) - rank(b, answering) || compareNames(a.metadata.name, b.metadata.name),
    );
}

/** What serves and is well comes first. */
const rank = (droplet: Droplet, answering: ReadonlySet<string>): number =>
  (answering.has(droplet.metadata.name) ? 0 : 2) + (isAvailable(droplet) ? 0 : 1);

/** The one of the project's servers that is called so, whole or without the project. */
export function serverCalled(name: string, droplets: readonly Droplet[]): Droplet {
  const [droplet] = dropletsCalled(name, droplets);
  if (droplet !== undefined) return droplet;
  const names = droplets.map(({ metadata }) => metadata.name);
  const near = didYouMean(name, [...names, ...droplets.map(shortName)]);
  throw new CommandFailure(
    `the project has no droplet ${name}${near || `; it has ${names.join(', ') || 'none yet'}`}`,
  );
}

/** Such as `web1` for `shop-web1`: all are of one project. */
export function shortName({ metadata, spec }: Droplet): string {
  const { name } = metadata;
  return name.startsWith(`${spec.project}-`) ? name.slice(spec.project.length + 1) : name;
}

/** How hosts are reached. */
export interface Way {
  ssh: SshPool;
  port: number;
  key: FleetKey;
}

/** The way to a server's host; an SshError or a CommandFailure says why there is none. */
export function hostBy({ ssh, port, key }: Way, droplet: Droplet): SshHost {
  const access = accessOf({ port, privateKey: key.privateKey }, droplet);
  if (access === undefined) throw new CommandFailure('it has no address yet');
  return ssh.host(access);
}

const LOOK_MS = 15_000;

/** The containers that a service has on a host. */
export async function containersOn(
  host: SshHost,
  engine: Engine,
  service: ServiceDeployment,
  signal: AbortSignal,
): Promise<readonly Container[]> {
  const { stdout, stderr } = await host.run(observeContainers(engine), { signal, timeoutMs: LOOK_MS });
  const all = parseContainers(stdout);
  if (all === undefined)
    throw new CommandFailure(`its containers cannot be listed: ${stderr.trim().slice(-300)}`);
  return all.filter(({ service: name, uid }) => name === service.metadata.name && isOf(service, uid));
}

const isOf = ({ metadata }: ServiceDeployment, uid: string): boolean =>
  metadata.uid === undefined || metadata.uid === uid;
