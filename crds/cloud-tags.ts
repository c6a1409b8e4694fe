// The tags that say whose a resource in the cloud is. DigitalOcean's tags are of letters, digits, colons,
// dashes and underscores, at most 255 of them, and compare without regard to case: so every part here is
// lower case, and has no colon that could make one tag look like another.

const FLEET = 'dropfleet:';
const UID = 'dropfleet-uid:';
const NONCE = 'dropfleet-nonce:';
const API = 'dropfleet-api:';
const RETIRED = 'dropfleet-retired:';
const RETIRED_AT = 'dropfleet-retired-at:';
const DRILL = 'dropfleet-drill:';
const LONGEST_TAG = 255;

/** On every resource of the fleet: lists and the sweep for orphans go by it. */
export const fleetTag = (fleetId: string): string => tagOf(FLEET, [fleetId]);

/** On every resource: the uid of the Kubernetes object that it belongs to. */
export const uidTag = (uid: string): string => tagOf(UID, [uid]);

/** On every resource: the nonce that was written to its object before it was asked for. */
export const nonceTag = (nonce: string): string => tagOf(NONCE, [nonce]);

/**
 * On every droplet: the Kubernetes API that keeps its object, by the uid of that API's kube-system. Two APIs whose
 * fleets were given one name tell each other's servers apart by it.
 */
export const apiTag = (apiId: string): string => tagOf(API, [apiId]);

/** On every droplet of a project that plays the role: firewalls go by it. */
export const projectRoleTag = (fleetId: string, project: string, role: 'master' | 'web'): string =>
  tagOf(FLEET, [fleetId, project, role]);

/** On a snapshot from which a server was made that came up as it should. */
export const VERIFIED_TAG = 'dropfleet-verified';

/** The uid of the object that a resource with these tags belongs to. */
export const uidOf = (tags: readonly string[]): string | undefined => partAfter(UID, tags);

/** The nonce that a resource with these tags was asked for with. */
export const nonceOf = (tags: readonly string[]): string | undefined => partAfter(NONCE, tags);

/** The Kubernetes API that keeps the object of a resource with these tags. */
export const apiOf = (tags: readonly string[]): string | undefined => partAfter(API, tags);

/** Whether the tag says whose a resource is or was: by its object, or by its Kubernetes API. */
export const isOwnerTag = (tag: string): boolean =>
  [UID, API, RETIRED, RETIRED_AT, DRILL].some(prefix => tag.toLowerCase().startsWith(prefix));

/** On a droplet that another has taken the place of: the uid of the object whose server it was. */
export const retiredTag = (uid: string): string => tagOf(RETIRED, [uid]);

/** On the same: when that was, in ms since 1970, to the second. */
export const retiredAtTag = (ms: number): string =>
  tagOf(RETIRED_AT, [`${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').toLowerCase()}z`]);

/** The uid of the object whose server a droplet with these tags was. */
export const retiredUidOf = (tags: readonly string[]): string | undefined => partAfter(RETIRED, tags);

/** When another took the place of a droplet with these tags, in ms since 1970; undefined when they do not say it. */
export function retiredAtOf(tags: readonly string[]): number | undefined {
  const time = /^(\d{4})(\d\d)(\d\d)t(\d\d)(\d\d)(\d\d)z$/.exec(partAfter(RETIRED_AT, tags) ?? '');
  if (time === null) return undefined;
  const [year, month, day, hour, minute, second] = time.slice(1).map(Number);
  return Date.UTC(year!, month! - 1, day, hour, minute, second);
}

/**
 * On a droplet that a restore drill made from a snapshot: the uid of the object whose snapshot it is. It is not that
 * object's server, and has neither its uid tag nor a place in a project; a firewall of its own goes by this tag.
 */
export const drillTag = (uid: string): string => tagOf(DRILL, [uid]);

/** The uid of the object whose snapshot the droplet with these tags was made from; none that is somebody's server. */
export const drillUidOf = (tags: readonly string[]): string | undefined =>
  tags.some(tag => isLiveTag(tag) || tag.toLowerCase().startsWith(RETIRED))
    ? undefined
    : partAfter(DRILL, tags);

/** Whether a droplet that carries the tag is taken for its object's server, by its uid or by its place in a project. */
export const isLiveTag = (tag: string): boolean =>
  tag.toLowerCase().startsWith(UID) || /^dropfleet:[^:]+:[^:]+:(?:master|web)$/i.test(tag);

/** The project and the role that a droplet of the fleet with these tags was made for. */
export function projectRoleOf(
  fleetId: string,
  tags: readonly string[],
): { project: string; role: 'master' | 'web' } | undefined {
  for (const tag of tags) {
    const [, fleet, project, role, ...rest] = tag.split(':');
    if (!tag.startsWith(FLEET) || fleet !== fleetId || rest.length > 0) continue;
    if (project !== undefined && (role === 'master' || role === 'web')) return { project, role };
  }
  return undefined;
}

function tagOf(prefix: string, parts: readonly string[]): string {
  const tag = prefix + parts.join(':');
  if (tag.length > LONGEST_TAG || !parts.every(part => /^[a-z0-9_-]+$/.test(part)))
    throw new RangeError(
      `"${tag}" cannot be a tag at DigitalOcean: its parts take lower-case letters, digits, dashes and ` +
        `underscores, and it may have at most ${LONGEST_TAG} characters`,
    );
  return tag;
}

function partAfter(prefix: string, tags: readonly string[]): string | undefined {
  return tags.find(tag => tag.startsWith(prefix))?.slice(prefix.length);
}
