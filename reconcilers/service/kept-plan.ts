// What becomes of a release that serves while no container of it can be started: a secret has no value by now. It goes on
// where it does; requests go nowhere else, and to whatever of it comes back by itself.

import type { ServiceDeploymentStatus } from '../../crds/service-deployment.ts';
import { endpointAddress, isLive, type Endpoint, type ServerView } from './rollout-plan.ts';

/**
 * Where the release that serves still does.
 *
 *     the server                                  | its endpoint
 *     --------------------------------------------+--------------------------------------
 *     is gone, or another of that name            | goes
 *     cannot be looked at                         | stays as it is
 *     has the container that requests go to       | stays
 *     has none, or one that does not run          | goes
 *     is to run it, and its container runs again  | comes back
 */
export function keptEndpoints(status: ServiceDeploymentStatus, servers: readonly ServerView[]): Endpoint[] {
  const before = new Map((status.endpoints ?? []).map(endpoint => [endpoint.droplet, endpoint]));
  return servers
    .flatMap((server): Endpoint[] => {
      const { droplet, address, containers } = server;
      const own = before.get(droplet);
      const isSameServer = own?.address.split(':')[0] === address;
      if (!server.isAvailable || containers === undefined) return own && isSameServer ? [own] : [];
      const live = containers.filter(
        one => one.kind === 'service' && one.release === status.release && isLive(one),
      );
      const serving = live.find(({ port }) => endpointAddress(server, port) === own?.address);
      const back = server.isAssigned ? live.find(({ state }) => state === 'running') : undefined;
      const container = serving ?? back;
      return container === undefined ? [] : [{ droplet, address: endpointAddress(server, container.port) }];
    })
    .toSorted((a, b) => (a.droplet < b.droplet ? -1 : 1));
}

/** Whether these are the same endpoints. */
export const areSameEndpoints = (a: readonly Endpoint[], b: readonly Endpoint[]): boolean =>
  a.length === b.length &&
  a.every(({ droplet, address }) => b.some(other => other.droplet === droplet && other.address === address));

/** How far a release goes on that nothing more can be started of: on 1 of 2 servers. */
export function keptMessage(
  { what, next }: { what: string; next: string },
  { version = '' }: ServiceDeploymentStatus,
  endpoints: readonly Endpoint[],
  servers: readonly ServerView[],
): string {
  const assigned = servers.filter(({ isAssigned }) => isAssigned).map(({ droplet }) => droplet);
  const without = assigned.filter(name => !endpoints.some(({ droplet }) => droplet === name));
  const where = `${assigned.length - without.length} of ${assigned.length} servers`;
  const lost = without.length === 0 ? '' : `, not on ${without.join(', ')}`;
  return `${what}; ${version} serves on ${where}${lost}, and is started nowhere before that is mended; ${next}`;
}
