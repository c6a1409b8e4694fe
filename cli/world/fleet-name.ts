import type { CloudDroplet } from '../../clients/digitalocean/cloud.ts';
import { fleetTag } from '../../crds/cloud-tags.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { readFleetRecord, writeFleetRecord } from '../../reconcilers/fleet-record/fleet-record.ts';
import type { Identity } from '../../reconcilers/gate/standing.ts';
import { CommandFailure } from '../failure.ts';
import { rememberFleet } from './identity.ts';
import { isOperatorRunning } from './running-operator.ts';
import type { World } from './world.ts';

/** Another name for the fleet of this world: that of a fleet whose state was lost. */
export interface FleetName {
  /** Makes it the fleet's; nothing is written before. */
  take(): Promise<void>;
}

/**
 * Whether this world can go by that name; undefined when it does. Fails in a sentence when it cannot: its own servers
 * would be left behind, or an operator runs under the name that it has.
 *
 * @param servers all of the account.
 */
export async function fleetNameFor(
  world: World,
  identity: Identity,
  fleet: string,
  droplets: readonly Droplet[],
  servers: readonly CloudDroplet[],
): Promise<FleetName | undefined> {
  const { settings, hasCluster, daemon, kubernetes, namespace } = world;
  const known = (await readFleetRecord(kubernetes, namespace)).fleet ?? identity.fleet;
  if (known === fleet && identity.fleet === fleet) return undefined;
  if (settings.fleet !== undefined && settings.fleet.toLowerCase() !== fleet)
    throw new CommandFailure(
      `DROPFLEET_FLEET says ${settings.fleet}: set it to ${fleet}, here and for the operator, and call this again`,
    );
  if (hasCluster && settings.fleet === undefined)
    throw new CommandFailure(
      `with a cluster the fleet's name comes from DROPFLEET_FLEET: set it to ${fleet} in the operator's Secret (dropfleet-cloud) restart its pod, set it here too, and run this again`,
    );
  if (!hasCluster && (await isOperatorRunning(world)))
    throw new CommandFailure(
      `dropfleet runs here (pid ${daemon!.pid}) as the fleet ${known}: stop it, call this again, and then start it`,
    );
  expectNoServers(known, fleet, droplets, servers);
  return {
    async take() {
      await rememberFleet(world, { ...identity, fleet });
      await writeFleetRecord(kubernetes, namespace, { fleet });
    },
  };
}

function expectNoServers(
  known: string,
  fleet: string,
  droplets: readonly Droplet[],
  servers: readonly CloudDroplet[],
): void {
  if (known === fleet) return;
  const own = servers.filter(({ tags }) => tags.includes(fleetTag(known)));
  const having = droplets.filter(({ status }) => status?.server?.id !== undefined);
  const names = [...own.map(({ name }) => name), ...having.map(({ metadata }) => metadata.name)];
  if (names.length === 0) return;
  throw new CommandFailure(
    `this fleet, ${known}, has servers of its own, which would be left behind as ${fleet}: ${[...new Set(names)].slice(0, 5).join(', ')}. Take the other fleet over from another --state-dir`,
  );
}
