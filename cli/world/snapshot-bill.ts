import type { CloudSnapshot } from '../../clients/digitalocean/cloud.ts';
import { sizeOf, snapshotsCost } from '../../reconcilers/read-model/snapshot-cost.ts';
import { listSnapshots } from '../../reconcilers/snapshot/list.ts';
import { isOfFleet } from '../../reconcilers/snapshot/owner-plan.ts';
import { identityOf } from './identity.ts';
import type { World } from './world.ts';

/** What the fleet's snapshots come to. */
export interface SnapshotBill {
  count: number;
  sizeGB: number;
  /** US dollars. */
  monthlyCost: number;
}

/** The same, of those that were listed. */
export const billOf = (snapshots: readonly { sizeGB: number }[]): SnapshotBill => ({
  count: snapshots.length,
  sizeGB: sizeOf(snapshots),
  monthlyCost: snapshotsCost(snapshots),
});

/** Lists them. */
export async function listFleetSnapshots(world: World): Promise<CloudSnapshot[]> {
  const { fleet: fleetId, api: apiId } = await identityOf(world);
  const { snapshots } = await listSnapshots(world.cloud, fleetId);
  return snapshots.filter(snapshot => isOfFleet(snapshot, { fleetId, apiId }));
}
