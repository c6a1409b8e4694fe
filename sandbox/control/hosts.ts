import type { DropletRecord } from '../account/records/records.ts';
import type { State } from '../account/records/state.ts';
import { ApiError, notFound } from '../api/errors.ts';
import type { HostFault } from '../hosts/driver.ts';
import type { MachinePool, HostState } from '../hosts/machine-pool.ts';
import { readHostFault, readHostFaultType } from './host-fault.ts';

/** What the machines' part of the sandbox's own API needs. */
export interface HostsParts {
  readonly context: { readonly state: State };
  readonly hosts: MachinePool | undefined;
}

/** What /sandbox/hosts/ID answers. */
export interface HostView extends HostState {
  readonly droplet_id: number;
  readonly name: string;
  readonly faults: readonly HostFault[];
}

const PATH = '/sandbox/hosts';

export const isHosts = (path: string): boolean => path === PATH || path.startsWith(`${PATH}/`);

/**
 * GET of /sandbox/hosts lists the machines, GET of /sandbox/hosts/ID shows one with its faults; PUT of
 * /sandbox/hosts/ID/faults sets a fault, DELETE ends all of that machine, and DELETE of .../faults/TYPE one. Rejects
 * with ApiError.
 */
export async function answerHosts(
  { context, hosts }: HostsParts,
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
  if (method === 'GET' && path === PATH) return listHosts(context.state, hosts);
  const [id, faults, type] = path.slice(PATH.length + 1).split('/');
  const droplet = context.state.get('droplets', id ?? '');
  if (droplet === undefined) throw new ApiError(404, 'not_found', `The sandbox has no droplet ${id}.`);
  await change(hosts, droplet.id, [method, faults, type], body);
  return { ...describeHost(hosts, droplet), faults: await hosts.faultsOf(droplet.id) } satisfies HostView;
}

async function change(
  hosts: MachinePool,
  id: number,
  [method, faults, type]: readonly (string | undefined)[],
  body: unknown,
): Promise<void> {
  if (method === 'GET' && faults === undefined) return;
  if (faults !== 'faults') throw notFound();
  if (method === 'PUT' && type === undefined) await hosts.setFault(id, readHostFault(body));
  else if (method === 'DELETE')
    await hosts.clearFaults(id, type === undefined ? type : readHostFaultType(type));
  else throw notFound();
}

const listHosts = (state: State, hosts: MachinePool) => ({
  kind: hosts.kind,
  ssh_port: hosts.sshPort,
  operator_address: hosts.operatorAddress,
  hosts: [...state.all('droplets')].map(droplet => describeHost(hosts, droplet)),
});

const describeHost = (hosts: MachinePool, { id, name }: DropletRecord) => ({
  droplet_id: id,
  name,
  ...hosts.stateOf(id),
});
