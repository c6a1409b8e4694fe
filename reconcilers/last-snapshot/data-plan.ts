import type { Droplet } from '../../crds/droplet.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { databasesOn } from '../snapshot/databases-plan.ts';

/** Whether a server of the Droplet has data on its own disk, which go with it. It outlives the services that wrote them. */
export const holdsData = (
  { status }: { status?: Droplet['status'] | undefined },
  serverID: number | undefined,
): serverID is number => serverID !== undefined && (status?.dataServers ?? []).includes(serverID);

/** So many are remembered, as many as the CRD lets: of older ones none is left by then. */
const MOST = 20;

/**
 * Which of the Droplet's servers have data, with the one that it has now if databases run there; undefined when that is
 * what its status says.
 *
 * @param services the project's.
 */
export function dataServersWith(
  droplet: Droplet,
  services: readonly ServiceDeployment[],
): number[] | undefined {
  const id = droplet.status?.server?.id;
  if (id === undefined || holdsData(droplet, id) || databasesOn(droplet, services).length === 0)
    return undefined;
  return [...(droplet.status?.dataServers ?? []), id].slice(-MOST);
}
