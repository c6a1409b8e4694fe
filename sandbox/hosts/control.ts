import { ApiError, notFound } from '../errors.ts';
import type { State } from '../state.ts';
import { readHostFault } from './host-fault.ts';
import type { HostFleet } from './fleet.ts';

/** What the machines' part of the sandbox's own API needs. */
export interface HostsParts {
  readonly world: { readonly state: State };
  readonly hosts: HostFleet | undefined;
}

const PATH = '/sandbox/hosts';

export const isHosts = (path: string): boolean => path === PATH || path.startsWith(`${PATH}/`);

/**
 * GET of /sandbox/hosts lists the machines; PUT of /sandbox/hosts/ID/faults sets a fault, DELETE ends all of that
 * machine. Rejects with ApiError.
 */
export async function answerHosts(
  { world, hosts }: HostsParts,
  method: string,
  path: string,
  body: unknown,
): Promise<unknown> {
  if (hosts === undefined)
    throw new ApiError(
      409,
      'conflict',
      'This sandbox has no machines: start it with --hosts emulated or docker.',
    );
  if (method === 'GET' && path === PATH) return listHosts(world.state, hosts);
  const id = Number(new RegExp(`^${PATH}/(\\d+)/faults$`).exec(path)?.[1]);
  const droplet = world.state.get('droplets', id);
  if (droplet === undefined) throw notFound();
  if (method === 'PUT') await hosts.setFault(id, readHostFault(body));
  else if (method === 'DELETE') await hosts.clearFaults(id);
  else throw notFound();
  return describeHost(hosts, droplet);
}

const listHosts = (state: State, hosts: HostFleet) => ({
  kind: hosts.kind,
  ssh_port: hosts.sshPort,
  operator_address: hosts.operatorAddress,
  hosts: [...state.all('droplets')].map(droplet => describeHost(hosts, droplet)),
});

const describeHost = (hosts: HostFleet, { id, name }: { id: number; name: string }) => ({
  droplet_id: id,
  name,
  ...hosts.stateOf(id),
});
