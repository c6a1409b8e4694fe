import { describeError } from '../../clients/log/describe-error.ts';
import { keyOf } from '../../crds/meta.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { Hosts } from '../context.ts';
import type { Run } from '../run.ts';
import type { Context } from './concern.ts';
import type { ServiceMemory } from './memory.ts';
import { observeService, sshOf } from './observe.ts';
import type { Supplies } from './wanted.ts';

/** A service whose release runs everywhere. */
interface Settled {
  context: Context;
  hosts: Hosts;
  supplies: Pick<Supplies, 'images'>;
  memory: ServiceMemory;
  service: ServiceDeployment;
  run: Run;
}

/** Removes images of old releases, when nobody in the project is about to need one. What fails is tried another time. */
export async function clean({ context, hosts, supplies, memory, service, run }: Settled): Promise<void> {
  const key = keyOf(service);
  const { project, services, servers, engine } = observeService(context, hosts, service);
  if (!memory.isPruningDue(key) || !services.every(other => keyOf(other) === key || isAtRest(other))) return;
  memory.pruned(key);
  const available = servers.filter(({ isAvailable }) => isAvailable);
  const cleaning = {
    project: service.spec.project,
    engine,
    services: services.map(other => (keyOf(other) === key ? service : other)),
    servers: available.map(server => ({
      ssh: sshOf(hosts, server),
      address: server.address,
      isMaster: server.object.spec.role === 'master',
    })),
    hasRegistry: (project?.spec.servers ?? 1) > 1,
  };
  await supplies.images.prune(cleaning, run.signal).catch((error: unknown) => {
    run.signal.throwIfAborted();
    run.log.warn('cannot remove old images', { error: describeError(error) });
  });
}

/** Nothing of it is being built or started. */
const isAtRest = ({ spec, status }: ServiceDeployment): boolean =>
  spec.version === undefined ||
  status?.version === spec.version ||
  status?.rejected?.version === spec.version;
