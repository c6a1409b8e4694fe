import { projectRoleOf } from '../../crds/cloud-tags.ts';
import type { DropletSpec } from '../../crds/droplet.ts';
import { masterName, webName } from '../../crds/names.ts';

/** Where a server belongs: a name of a Droplet, taken apart. */
export interface Place {
  project: string;
  role: DropletSpec['role'];
  /** `shop-master`, `shop-web2`. */
  name: string;
  /** 0 for the master, else the web's number. */
  number: number;
}

const MOST_WEBS = 99;

/** The place that such a name means; undefined when it is none. */
export function placeNamed(name: string): Place | undefined {
  const { project, web } =
    /^(?<project>[a-z](?:[-a-z0-9]*[a-z0-9])?)-(?:master|web(?<web>[1-9][0-9]?))$/.exec(name)?.groups ?? {};
  if (project === undefined) return undefined;
  const number = Number(web ?? 0);
  if (number > MOST_WEBS) return undefined;
  return { project, role: number === 0 ? 'master' : 'web', name, number };
}

/**
 * The place that a server was made for, by its tags and its name, which must agree.
 *
 * @returns a sentence when they do not tell it.
 */
export function placeOf(
  fleet: string,
  { name, tags: given }: { name: string; tags: readonly string[] },
): Place | string {
  // DigitalOcean's tags compare without regard to case.
  const tags = given.map(tag => tag.toLowerCase());
  const places = tags.filter(tag => projectRoleOf(fleet, [tag]) !== undefined);
  const tagged = projectRoleOf(fleet, tags);
  if (tagged === undefined) return 'its tags do not say which project it was made for';
  if (places.length > 1) return `its tags name several places: ${places.join(', ')}`;
  const { project, role } = tagged;
  const place = placeNamed(name);
  if (place?.project === project && place.role === role) return place;
  const example = role === 'master' ? masterName(project) : webName(project, 1);
  return `its tags say ${project} and ${role}, but its name is no such as ${example}`;
}
