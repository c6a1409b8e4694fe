import type { CloudAction, CloudDroplet } from '../../clients/digitalocean/cloud.ts';
import { ifFound } from '../../clients/digitalocean/if-found.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Context } from '../context.ts';
import { ownTags } from '../droplet/apply.ts';
import { listSnapshots } from '../snapshot/list.ts';
import { isGood } from '../snapshot/owner-plan.ts';
import type { LastSnapshot, LastView } from './plan.ts';
import { LAST_SNAPSHOT } from './timings.ts';

/** What the status says of the end of that server. */
export const entryOf = ({ status }: Pick<Droplet, 'status'>, serverID: number): LastSnapshot =>
  status?.lastSnapshots?.[serverID] ?? {};

/**
 * How far a server is with its last snapshot, by what the cloud itself says now: nothing is destroyed on the word of a
 * list. Undefined when there is no such server any more, or it is to stay.
 *
 * @param isStillDoomed whether that server, as it is now, is what is to be destroyed.
 */
export async function observeLast(
  context: Pick<Context, 'cloud' | 'fleetId' | 'apiId' | 'since'>,
  droplet: Droplet,
  serverID: number,
  isStillDoomed: (server: CloudDroplet) => boolean,
  signal: AbortSignal,
): Promise<LastView | undefined> {
  const { cloud, since } = context;
  const server = await ifFound(cloud.getDroplet(serverID, signal));
  if (server === undefined || !isStillDoomed(server)) return undefined;
  const entry = entryOf(droplet, serverID);
  const actionOf = (id: number | undefined): Promise<CloudAction | undefined> | undefined =>
    id === undefined ? undefined : ifFound(cloud.getAction(id, signal));
  const taking = await actionOf(entry.actionID);
  const isAsked = entry.name !== undefined && taking?.status !== 'in-progress';
  const snapshot = isAsked ? await snapshotCalled(context, droplet, entry.name!, signal) : undefined;
  const stop = entry.name === undefined ? await actionOf(entry.stopID) : undefined;
  const isOn = server.status === 'active' && !server.locked;
  return {
    server,
    entry,
    ...(taking && { taking }),
    ...(snapshot && { snapshot }),
    ...(stop && { stop }),
    stopSeenMs:
      stop && isOn ? since.ageMs(`${droplet.metadata.uid} stops ${serverID}`, `${entry.stopID}`) : 0,
    hasHadTime: isAsked && snapshot === undefined && hasHadTime(context, droplet, server, entry),
  };
}

async function snapshotCalled(
  context: Pick<Context, 'cloud' | 'fleetId' | 'apiId'>,
  droplet: Droplet,
  name: string,
  signal: AbortSignal,
): Promise<LastView['snapshot']> {
  const { snapshots } = await listSnapshots(context.cloud, context.fleetId, signal);
  const found = snapshots.find(one => one.name === name && isGood(one));
  if (found === undefined) return undefined;
  const missingTags = ownTags(droplet, context).filter(tag => !found.tags.includes(tag));
  return { id: found.id, missingTags };
}

/** A list may lag, and a request whose reply was lost may still be under way. */
function hasHadTime(
  { since }: Pick<Context, 'since'>,
  { metadata }: Droplet,
  { id, locked }: LastView['server'],
  { name }: LastSnapshot,
): boolean {
  const seenMs = since.ageMs(`${metadata.uid} last snapshot of ${id}`, `${name} ${locked}`);
  return !locked && seenMs >= LAST_SNAPSHOT.graceMs;
}
