import { DROPLETS } from '../../clients/kubernetes/kinds.ts';
import { fleetTag } from '../../crds/cloud-tags.ts';
import { readFleetRecord } from '../../reconcilers/fleet-record/fleet-record.ts';
import { examineStanding, type Identity, type StandingProblem } from '../../reconcilers/gate/standing.ts';
import { identityOf } from './identity.ts';
import type { World } from './world.ts';

/** Why an operator of this world would do nothing, if so; asked again, and nothing is written. */
export async function standingOf(world: World, given?: Identity): Promise<StandingProblem | undefined> {
  const { cloud, kubernetes, namespace } = world;
  const identity = given ?? (await identityOf(world));
  const [account, record, servers, droplets] = await Promise.all([
    cloud.getAccount(),
    readFleetRecord(kubernetes, namespace),
    cloud.listDroplets(fleetTag(identity.fleet)),
    kubernetes.list(DROPLETS),
  ]);
  return examineStanding({
    record,
    identity,
    account: account.uuid,
    servers,
    droplets: droplets.items,
    namespace,
  });
}
