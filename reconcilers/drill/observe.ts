import { ifFound } from '../../clients/digitalocean/if-found.ts';
import { drillTag } from '../../crds/cloud-tags.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import { projectKeyOf } from '../context.ts';
import { listSnapshots } from '../snapshot/list.ts';
import { isOfFleet, newestGoodSnapshot } from '../snapshot/owner-plan.ts';
import type { Run } from '../run.ts';
import type { Context } from './concern.ts';
import type { Drill, DrillSnapshot, DrillView } from './plan.ts';
import { isDrillServer } from './server.ts';

/** What the cloud has of a drill. It is asked itself: a drill is rare, and timed by what is seen. */
export async function observeDrill(
  context: Context,
  droplet: Droplet,
  drill: Drill & { nonce: string },
  { signal }: Run,
): Promise<DrillView> {
  const { cloud, since } = context;
  const uid = droplet.metadata.uid!;
  const nonceSeenMs = since.ageMs(requestKey(droplet), drill.nonce);
  const listed = (await cloud.listDroplets(drillTag(uid), signal)).filter(({ tags }) =>
    isDrillServer(context, uid, tags),
  );
  const isEnding = since.knows(endKey(droplet), drill.nonce);
  if (drill.serverID === undefined || listed.some(({ id }) => id === drill.serverID)) {
    since.forget(missingKey(droplet));
    return { servers: listed, nonceSeenMs, isEnding };
  }
  // Lists lag.
  const server = await ifFound(cloud.getDroplet(drill.serverID, signal));
  if (server !== undefined && isDrillServer(context, uid, server.tags))
    return { servers: [...listed, server], nonceSeenMs, isEnding };
  return {
    servers: listed,
    nonceSeenMs,
    missingMs: since.ageMs(missingKey(droplet), `${drill.serverID}`),
    isEnding,
  };
}

/** A request for a server has just left: its grace begins. */
export function noteRequest({ since }: Pick<Context, 'since'>, droplet: Droplet, nonce: string): void {
  since.forget(requestKey(droplet));
  since.ageMs(requestKey(droplet), nonce);
}

/** The cloud has accepted the end of that request's server: "not found" is what is to be expected. */
export const noteEnd = ({ since }: Pick<Context, 'since'>, droplet: Droplet, nonce: string): void =>
  void since.ageMs(endKey(droplet), nonce);

/** Nothing of a drill is left to be remembered. */
export function forgetDrill({ since }: Pick<Context, 'since'>, droplet: Droplet): void {
  for (const key of [requestKey(droplet), missingKey(droplet), endKey(droplet)]) since.forget(key);
}

const requestKey = ({ metadata }: Droplet): string => `${metadata.uid} drill request`;
const missingKey = ({ metadata }: Droplet): string => `${metadata.uid} drill missing`;
const endKey = ({ metadata }: Droplet): string => `${metadata.uid} drill ended`;

/** The snapshot that a drill would be made from, or why there can be none, in a sentence. */
export async function observeStart(
  context: Context,
  droplet: Droplet,
  { signal }: Run,
): Promise<DrillSnapshot | string> {
  const { cloud, fleetId, projects, room } = context;
  const { name } = droplet.metadata;
  const project = projects.get(projectKeyOf(droplet));
  if (project?.spec.suspend === true)
    return 'the project is suspended; set spec.suspend to false and ask again';
  const shortage = room.shortage(keyOf(droplet));
  if (shortage !== undefined) return `there is no room for the server of a drill: ${shortage}`;
  const { snapshots } = await listSnapshots(cloud, fleetId, signal);
  const own = snapshots.filter(each => isOfFleet(each, context));
  const snapshot = newestGoodSnapshot(own, droplet, fleetId);
  if (snapshot === undefined) return `${name} has no snapshot yet: there is nothing to restore`;
  return { id: snapshot.id, createdAt: snapshot.createdAt };
}
