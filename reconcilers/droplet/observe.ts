import type { CloudDroplet } from '../../clients/digitalocean/cloud.ts';
import { isCloudNotFound } from '../../clients/digitalocean/errors.ts';
import { uidTag } from '../../crds/cloud-tags.ts';
import { findCondition } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { masterName } from '../../crds/names.ts';
import { projectKeyOf, type Context } from '../context.ts';
import { isBalancer } from '../read-model/balancing.ts';
import { isHeld, type Balancer } from './drain-plan.ts';
import type { CloudView } from './plan.ts';
import type { ServerAction } from './power-plan.ts';

/**
 * What the cloud holds for a Droplet. The fleet's list answers for free and nearly always; the cloud is asked
 * only for a server that the list lacks though it should be there, because lists lag and absence costs money,
 * for one that is being resized or powered on, because the next step depends on the last one's end, and for one that the
 * list shows in another state than the one that was reached.
 */
export async function observeCloud(
  context: Context,
  droplet: Droplet,
  signal: AbortSignal,
): Promise<CloudView> {
  const listStartedAt = wallTimeOfList(context);
  const mine = context.fleet.byTag(uidTag(droplet.metadata.uid!)).toSorted((a, b) => a.id - b.id);
  const id = droplet.status?.dropletID ?? mine[0]?.id;
  const listed = mine.find(server => server.id === id);
  const asks = mustAsk(context, droplet, listed);
  const server = asks ? await getIfFound(context, id!, signal) : listed;
  const isGone = asks && server === undefined;
  const heir = isGone ? mine.find(other => other.id !== id) : undefined;
  const action = isGone ? undefined : await lastAction(context, droplet, signal);
  const taken = server ?? heir;
  return {
    duplicates: mine.filter(other => other.id !== id && other !== taken),
    ...(taken && { server: taken }),
    ...(listStartedAt !== undefined && { listStartedAt }),
    ...(isGone && { notFound: true }),
    ...(action && { action }),
  };
}

function mustAsk(context: Context, droplet: Droplet, listed: CloudDroplet | undefined): boolean {
  if (droplet.status?.dropletID === undefined) return false;
  if (listed === undefined) return isOverdue(context, droplet);
  const { phase } = droplet.status;
  // Nothing is done to it before the load balancer has let go of it.
  if (phase === 'Draining' && isHeld(droplet)) return false;
  const isDestroyed = droplet.metadata.deletionTimestamp !== undefined && phase === 'Deleting';
  const isChanged = phase === 'Resizing' || phase === 'PoweringOn' || listed.size !== droplet.spec.size;
  // What the cloud itself said was reached is not taken back on the word of a list, which may be older: the
  // status would go to and fro until the next list, and a server that runs be powered on.
  const mayBeOldNews = phase === 'Active' && (listed.status !== 'active' || listed.locked);
  return isDestroyed || isChanged || mayBeOldNews;
}

/** Whether "not found" would be believed: it also comes for droplets that were made a moment ago (spawn#2695). */
function isOverdue({ clock, fleet, timings }: Context, { status }: Droplet): boolean {
  if (status?.dropletID === undefined || fleet.hasBeenSeen(status.dropletID)) return true;
  return clock.now() > Date.parse(status.launchedAt ?? '') + timings.launchGraceMs || !status.launchedAt;
}

/** When the newest list began, in wall time: launchedAt is compared with it, and outlives this process. */
function wallTimeOfList({ clock, fleet }: Context): number | undefined {
  const startedAt = fleet.lastListStartedAt();
  return startedAt === undefined ? undefined : clock.now() - (clock.monotonic() - startedAt);
}

async function getIfFound(
  { cloud }: Context,
  id: number,
  signal: AbortSignal,
): Promise<CloudDroplet | undefined> {
  try {
    return await cloud.getDroplet(id, signal);
  } catch (error) {
    if (isCloudNotFound(error)) return undefined;
    throw error;
  }
}

async function lastAction(
  { cloud }: Context,
  droplet: Droplet,
  signal: AbortSignal,
): Promise<ServerAction | undefined> {
  const { actionID } = droplet.status ?? {};
  if (actionID === undefined || droplet.metadata.deletionTimestamp !== undefined) return undefined;
  try {
    return await cloud.getAction(actionID, signal);
  } catch (error) {
    if (isCloudNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * The load balancer that may have requests under way to the Droplet's server; none where it would not let go of it,
 * because it goes too, is not there, or must not be touched.
 */
export function observeBalancer(context: Context, droplet: Droplet): Balancer | undefined {
  if (context.hosts === undefined || !isHeld(droplet)) return undefined;
  const { metadata, spec } = droplet;
  const master = context.droplets.get(`${metadata.namespace}/${masterName(spec.project)}`);
  if (master === undefined || !isBalancer(master, context.projects.get(projectKeyOf(droplet))))
    return undefined;
  const conditions = ['Reachable', 'LoadBalancerReady'].map(type =>
    findCondition(master.status?.conditions, type),
  );
  const trouble = conditions.find(condition => condition !== undefined && condition.status !== 'True');
  return { name: master.metadata.name, ...(trouble && { trouble: trouble.message }) };
}
