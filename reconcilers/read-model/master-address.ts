import type { Droplet } from '../../crds/droplet.ts';
import type { Project } from '../../crds/project.ts';

/** Where the world finds a project: its reserved IP while that leads to the master, else the address of the master's server. */
export function addressOfMaster(
  project: Pick<Project, 'status'> | undefined,
  master: Droplet | undefined,
): string | undefined {
  const { address, serverID } = project?.status?.reservedIP ?? {};
  const { id, publicAddress } = master?.status?.server ?? {};
  return address !== undefined && serverID !== undefined && serverID === id ? address : publicAddress;
}
