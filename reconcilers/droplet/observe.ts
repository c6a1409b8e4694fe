import type { CloudDroplet } from '../../clients/digitalocean/cloud.ts';
import { ifFound } from '../../clients/digitalocean/if-found.ts';
import { fleetTag, nonceOf, projectRoleTag, uidOf, uidTag } from '../../crds/cloud-tags.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import { ADOPT_ANNOTATION, masterName } from '../../crds/names.ts';
import { DROPLETS_BY_UID, projectKeyOf } from '../context.ts';
import { balancerOf, isRegistered, type Balancer } from '../draining/protocol.ts';
import type { Context } from './concern.ts';
import type { Claim, CloudView, ServerAction } from './model.ts';
import { isRetired, replacedID } from './recovery-plan.ts';

/**
 * What the cloud holds for a Droplet. The fleet's list answers for free and nearly always; the cloud is asked
 * only for a server that the list lacks though it should be there, because lists lag and absence costs money,
 * for one that is being resized, powered on or recovered, because the next step depends on the last one's end, and for one that the
 * list shows in another state than the one that was reached.
 */
export async function observeCloud(
  context: Observing,
  droplet: Droplet,
  signal: AbortSignal,
): Promise<CloudView> {
  const listing = readListing(context, droplet);
  const found = listing.asks ? await ifFound(context.cloud.getDroplet(listing.id!, signal)) : listing.listed;
  const observed = observe(context, droplet, listing, found);
  const isDoubtful = observed.absence === 'gone' || !observed.isOurs;
  const action = isDoubtful ? undefined : await lastAction(context, droplet, signal);
  const claim = await claimOf(context, droplet, listing.mine.length, signal);
  const retired = observed.view.server ? undefined : await retiredServer(context, droplet, signal);
  return {
    ...observed.view,
    ...(action && { action }),
    ...(claim && { claim }),
    ...(retired && { retired: { server: retired, isListed: false } }),
  };
}

/** Whether the one whose place is to be taken is still off is asked before another is. */
async function retiredServer(
  context: Pick<Context, 'cloud'>,
  droplet: Droplet,
  signal: AbortSignal,
): Promise<CloudDroplet | undefined> {
  const id = replacedID(droplet);
  const server = id === undefined ? undefined : await ifFound(context.cloud.getDroplet(id, signal));
  return server !== undefined && isRetired(droplet, server.tags) ? server : undefined;
}

/** What an observation needs of the world. */
export type Observing = Pick<
  Context,
  'cloud' | 'droplets' | 'servers' | 'fleetId' | 'since' | 'clock' | 'timings'
> & { standing: Pick<Context['standing'], 'doubt' | 'otherFleetWith'> };

/** What the list says of a Droplet's servers, and whether the cloud must be asked besides. */
export interface Listing {
  listAgeMs: number | undefined;
  nonceSeenMs: number;
  /** Those whose tags say that they are this object's: the one that was asked for last, then by age. */
  mine: readonly CloudDroplet[];
  id: number | undefined;
  listed: CloudDroplet | undefined;
  asks: boolean;
}

type ListingContext = Pick<Context, 'servers' | 'fleetId' | 'since' | 'clock' | 'timings'>;

export function readListing(context: ListingContext, droplet: Droplet): Listing {
  const listAgeMs = ageOfList(context);
  const mine = ownServers(context, droplet);
  const nonceSeenMs = nonceAge(context, droplet, mine);
  const id = droplet.status?.server?.id ?? mine[0]?.id;
  const listed = mine.find(server => server.id === id);
  return { listAgeMs, nonceSeenMs, mine, id, listed, asks: mustAsk(context, droplet, listed, nonceSeenMs) };
}

/** @param found what the cloud answered where it was asked, else what the list says. */
export function observe(
  context: Pick<Context, 'fleetId' | 'since' | 'timings'> & { standing: Pick<Context['standing'], 'doubt'> },
  droplet: Droplet,
  { asks, id, mine, nonceSeenMs, listAgeMs }: Listing,
  found: CloudDroplet | undefined,
): { view: CloudView; isOurs: boolean; absence: Absence | undefined } {
  const isOurs = found === undefined || isOwn(context, droplet, found);
  if (found !== undefined && isOurs) context.since.forget(missedKey(droplet));
  const absence = asks && found === undefined ? absenceOf(context, droplet, id!) : seen(context, droplet);
  const isGone = absence === 'gone';
  const successor = isGone || !isOurs ? mine.find(other => other.id !== id) : undefined;
  const taken = isOurs ? (found ?? successor) : successor;
  const view: CloudView = {
    nonceSeenMs,
    duplicates: mine.filter(other => other.id !== id && other !== taken),
    ...(taken && { server: taken }),
    ...(!isOurs &&
      (isRetired(droplet, found.tags)
        ? { retired: { server: found, isListed: mine.some(other => other.id === id) } }
        : { foreign: { id: found.id, name: found.name } })),
    ...(listAgeMs !== undefined && { listAgeMs }),
    ...(isGone && { notFound: true }),
    ...(typeof absence === 'object' && { missing: absence }),
  };
  return { view, isOurs, absence };
}

/** What is thought of a server that the cloud says is not there. */
type Absence = 'gone' | { id: number; believedInMs: number };

/** The servers of the list whose tags say that they are this object's: the one that was asked for last, then by age. */
function ownServers(context: Pick<Context, 'servers' | 'fleetId'>, droplet: Droplet): CloudDroplet[] {
  const asked = droplet.status?.server?.nonce;
  const isAsked = ({ tags }: CloudDroplet): number =>
    asked !== undefined && nonceOf(tags) === asked ? 1 : 0;
  return context.servers
    .byTag(uidTag(droplet.metadata.uid!))
    .filter(server => isOwn(context, droplet, server))
    .toSorted((a, b) => isAsked(b) - isAsked(a) || a.id - b.id);
}

/** Whether the server's tags, as the cloud gave them, say that it is this object's and this fleet's. */
export function isOwn(
  { fleetId }: Pick<Context, 'fleetId'>,
  { metadata }: Droplet,
  { tags }: CloudDroplet,
): boolean {
  const has = (wanted: string): boolean => tags.some(tag => tag === wanted || tag.toLowerCase() === wanted);
  return has(uidTag(metadata.uid!)) && has(fleetTag(fleetId));
}

function mustAsk(
  context: Pick<Context, 'servers' | 'timings'>,
  droplet: Droplet,
  listed: CloudDroplet | undefined,
  nonceSeenMs: number,
): boolean {
  if (droplet.status?.server?.id === undefined) return false;
  const isLeaving = droplet.metadata.deletionTimestamp !== undefined;
  if (listed === undefined) return isLeaving || isOverdue(context, droplet, nonceSeenMs);
  const { phase } = droplet.status;
  // Nothing is done to it before it is drained.
  if (phase === 'Draining' && isRegistered(droplet)) return false;
  const isDestroyed = isLeaving && phase === 'Deleting';
  const isChanged = phase === 'Resizing' || phase === 'PoweringOn' || listed.size !== droplet.spec.size;
  // What the cloud itself said was reached is not taken back on the word of a list, which may be older: the
  // status would go to and fro until the next list, and a server that runs be powered on.
  const mayBeOldNews = phase === 'Active' && (listed.status !== 'active' || listed.locked);
  const { recovery, server } = droplet.status;
  const isRecovered = recovery?.serverID === server?.id || isRetired(droplet, listed.tags);
  return isDestroyed || isChanged || isRecovered || mayBeOldNews;
}

/** Whether the list should show it by now. It also lacks droplets that were made a moment ago (api-v2#202). */
function isOverdue(
  { servers, timings }: Pick<Context, 'servers' | 'timings'>,
  { status }: Droplet,
  nonceSeenMs: number,
): boolean {
  const isBeingMade = status?.phase === 'Creating' || status?.phase === 'Pending';
  return servers.hasBeenSeen(status!.server!.id!) || !isBeingMade || nonceSeenMs > timings.launchGraceMs;
}

/** How long ago the newest list began, ms. */
function ageOfList({ clock, servers }: Pick<Context, 'clock' | 'servers'>): number | undefined {
  const startedAt = servers.lastListStartedAt();
  return startedAt === undefined ? undefined : clock.monotonic() - startedAt;
}

/**
 * The grace of a request begins when this process first knows of it, or has just sent it; and again with the first list
 * that misses what the cloud has shown before, because a single list that lacks it is no proof.
 */
function nonceAge(
  { since }: Pick<Context, 'since'>,
  droplet: Droplet,
  mine: readonly CloudDroplet[],
): number {
  const { nonce } = droplet.status?.server ?? {};
  if (nonce === undefined) return 0;
  const knownMs = since.ageMs(nonceKey(droplet), nonce);
  const missed = missedKey(droplet);
  if (mine.length > 0) since.forget(missed);
  if (mine.length > 0 || since.knows(missed, DESTROYED)) return knownMs;
  return Math.min(knownMs, since.ageMs(missed, nonce));
}

/** Where it is remembered since when a request is known of. */
const nonceKey = ({ metadata }: Droplet): string => `${metadata.uid} request`;
/** Where it is remembered since when no server of its is to be seen. */
const missedKey = ({ metadata }: Droplet): string => `${metadata.uid} missed`;
const DESTROYED = 'destroyed';

/** A request for a server has just left: its grace begins. */
export function noteRequest({ since }: Pick<Context, 'since'>, droplet: Droplet, nonce: string): void {
  for (const key of [nonceKey(droplet), missedKey(droplet)]) {
    since.forget(key);
    since.ageMs(key, nonce);
  }
}

/** The cloud has accepted the end of a server: "not found", and a list that lacks it, are what is to be expected. */
export function noteEnd({ since }: Pick<Context, 'since'>, droplet: Droplet, id: number): void {
  since.ageMs(endKey(droplet), String(id));
  since.ageMs(missedKey(droplet), DESTROYED);
}

const absenceKey = ({ metadata }: Droplet): string => `${metadata.uid} absent`;
/** Where it is remembered that the cloud has accepted the end of a server. */
const endKey = ({ metadata }: Droplet): string => `${metadata.uid} destroyed`;

/**
 * "Not found" also comes for droplets that were made a moment ago (spawn#2695), and for all of them when something is
 * wrong at DigitalOcean: it is believed when it has stayed for a while, or after the cloud accepted the destruction.
 */
function absenceOf(
  {
    since,
    standing,
    timings,
  }: Pick<Context, 'since' | 'timings'> & { standing: Pick<Context['standing'], 'doubt'> },
  droplet: Droplet,
  id: number,
): Absence {
  if (since.knows(endKey(droplet), String(id))) return 'gone';
  if (!since.knows(absenceKey(droplet), String(id))) standing.doubt();
  const believedInMs = timings.absenceMs - since.ageMs(absenceKey(droplet), String(id));
  return believedInMs > 0 ? { id, believedInMs } : 'gone';
}

function seen({ since }: Pick<Context, 'since'>, droplet: Droplet): undefined {
  since.forget(absenceKey(droplet));
}

/** The server that a person wants it to take over, if it has none itself. */
async function claimOf(
  context: Observing,
  droplet: Droplet,
  ownServers: number,
  signal: AbortSignal,
): Promise<Claim | undefined> {
  const text = droplet.metadata.annotations?.[ADOPT_ANNOTATION];
  const known = droplet.status?.server?.id;
  if (text === undefined || ownServers > 0) return undefined;
  const id = Number(text);
  if (!/^[0-9]{1,15}$/.test(text)) return { id: 0, problem: `"${text}" is no id` };
  // One that was lost by its tags alone is named again to have them put back.
  if (known !== undefined && known !== id) return undefined;
  const server = await ifFound(context.cloud.getDroplet(id, signal));
  const problem = server && claimProblem(context, droplet, server);
  return { id, ...(server && { server }), ...(problem !== undefined && { problem }) };
}

/** Why a server cannot become this object's, if so. */
export function claimProblem(
  { droplets, fleetId }: Pick<Context, 'droplets' | 'fleetId'>,
  { metadata, spec }: Droplet,
  { region, tags }: CloudDroplet,
): string | undefined {
  const [owner] = droplets.byIndex(DROPLETS_BY_UID, uidOf(tags) ?? '');
  if (owner !== undefined && owner.metadata.uid !== metadata.uid)
    return `it belongs to the Droplet ${keyOf(owner)}`;
  const fleet = tags.find(tag => /^dropfleet:[^:]+$/.test(tag));
  if (fleet !== undefined && fleet !== fleetTag(fleetId)) return `it belongs to another fleet (${fleet})`;
  return region === spec.region ? undefined : `it is in ${region}, and spec.region is ${spec.region}`;
}

/** What speaks against buying a first server for a Droplet: there may be one already that nobody knows of. */
export async function observeOrphans(
  context: Observing,
  { spec: { project } }: { spec: Pick<Droplet['spec'], 'project'> },
  signal: AbortSignal,
): Promise<Pick<CloudView, 'orphans' | 'otherFleet'>> {
  const { droplets, servers, fleetId, standing } = context;
  const listed = (['master', 'web'] as const)
    .flatMap(role => servers.byTag(projectRoleTag(fleetId, project, role)))
    .filter(({ tags }) => droplets.byIndex(DROPLETS_BY_UID, uidOf(tags) ?? '').length === 0);
  const orphans: CloudDroplet[] = [];
  // What was destroyed a moment ago may still be listed.
  for (const { id } of listed) {
    const server = await ifFound(context.cloud.getDroplet(id, signal));
    if (server !== undefined) orphans.push(server);
  }
  const otherFleet = await standing.otherFleetWith(project, signal);
  return {
    ...(orphans.length > 0 && { orphans }),
    ...(otherFleet !== undefined && { otherFleet }),
  };
}

async function lastAction(
  { cloud }: Pick<Context, 'cloud'>,
  droplet: Droplet,
  signal: AbortSignal,
): Promise<ServerAction | undefined> {
  const { actionID } = droplet.status?.server ?? {};
  if (actionID === undefined || droplet.metadata.deletionTimestamp !== undefined) return undefined;
  return await ifFound(cloud.getAction(actionID, signal));
}

/** The load balancer that the end of the Droplet's server has to wait for. */
export function observeBalancer(context: Context, droplet: Droplet): Balancer | undefined {
  if (context.hosts === undefined) return undefined;
  const { metadata, spec } = droplet;
  const master = context.droplets.get(`${metadata.namespace}/${masterName(spec.project)}`);
  return balancerOf(droplet, master, context.projects.get(projectKeyOf(droplet)));
}
